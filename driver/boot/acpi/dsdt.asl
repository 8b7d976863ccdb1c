// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices of machine virtsev-q35-1.0 that no bus finds by itself, and the PCI bus that finds the others. After a change, run ./compile. The numbers are those of
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

        // The PCI host. What it finds at boot has addresses already, within its window of memory.
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_SEG, Zero)
            Name (_BBN, Zero)
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0x0000, 0x0000, 0x00FF, 0x0000, 0x0100)
                IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0x00000000, 0xC0000000, 0xDFFFFFFF, 0x00000000, 0x20000000)
            })

            // What the guest may handle itself (PCI Firmware 3.3, 4.5): native hot-plug (bit 0), PME (bit 2), error reporting (bit 3),
            // the capability structure (bit 4). There is no SHPC, no latency tolerance reporting, no firmware that would do it instead.
            Method (_OSC, 4, NotSerialized)
            {
                If ((Arg0 == ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766") /* PCI Host Bridge Device */))
                {
                    CreateDWordField (Arg3, Zero, CDW1)
                    CreateDWordField (Arg3, 0x08, CDW3)
                    Local0 = (CDW3 & 0x1D)
                    If ((Arg1 != One))
                    {
                        CDW1 |= 0x08
                    }
                    If ((CDW3 != Local0))
                    {
                        CDW1 |= 0x10
                    }
                    CDW3 = Local0
                }
                Else
                {
                    CreateDWordField (Arg3, Zero, CDWU)
                    CDWU |= 0x04
                }
                Return (Arg3)
            }
        }

        // PCI configuration space in memory, so that nothing else is put there (PCI Firmware 3.3, 4.1.2).
        Device (ECAM)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, "ecam")
            Name (_CRS, ResourceTemplate ()
            {
                DWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0x00000000, 0xE0000000, 0xEFFFFFFF, 0x00000000, 0x10000000)
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
