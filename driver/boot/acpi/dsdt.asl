// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices of machine virtsev-q35-1.0 that no bus finds by itself. After a change, run ./compile. The numbers are those of
// ../memory_layout.hpp; a test compares them.
DefinitionBlock ("", "DSDT", 2, "VRTSEV", "Q35-1.0 ", 0x00000001)
{
    Scope (\_SB)
    {
        // Serial port.
        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, One)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 0x00, 0x08)
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 4 }
            })
        }

        // CMOS real-time clock.
        Device (RTC0)
        {
            Name (_HID, EisaId ("PNP0B00"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0070, 0x0070, 0x00, 0x02)
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 8 }
            })
        }

        // The power device's ports, so that nothing else is put there.
        Device (PWRR)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, "power")
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0600, 0x0600, 0x00, 0x08)
            })
        }

        // Power button: `virsh shutdown`.
        Device (PWRB)
        {
            Name (_HID, EisaId ("PNP0C0C"))
        }

        // Generic event device: its interrupt says that bits stand in the event status register; reading clears them.
        Device (GED0)
        {
            Name (_HID, "ACPI0013")
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 9 }
            })
            OperationRegion (EVTR, SystemIO, 0x0604, 0x04)
            Field (EVTR, DWordAcc, NoLock, WriteAsZeros)
            {
                EVTS, 32
            }
            Method (_EVT, 1, Serialized)
            {
                Local0 = EVTS
                If ((Local0 & One))
                {
                    Notify (PWRB, 0x80)
                }
            }
        }
    }

    Name (\_S5, Package (0x04)
    {
        0x05, Zero, Zero, Zero
    })
}
