// SPDX-License-Identifier: LGPL-2.1-or-later
// The one table of machine virtsev-q35-1.0: what lies where in guest memory, in port space and on the
// interrupt controller. The monitor and its devices, the ACPI tables and the memory map all read it; nothing
// of it is written down a second time.
//
// Frozen with the first tagged release: each number here reaches guest memory that is measured.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::layout {

/// A range of guest physical addresses; sizes in bytes.
struct Window {
  GuestAddress start;
  std::uint64_t size = 0;
  [[nodiscard]] constexpr GuestAddress end() const { return start + size; }
};

inline constexpr std::uint64_t kMiB = 1ULL << 20;
inline constexpr std::uint64_t kGiB = 1ULL << 30;

// -- RAM ----------------------------------------------------------------------------------------------------

/// RAM below 4 GiB ends before this, in any machine: Debian 12's OVMF puts PCI configuration space at
/// 0xb0000000, newer ones at kPciEcam, and one machine is to serve both.
inline constexpr GuestAddress kLowRamLimit{0xb0000000};
/// Where a machine has as much RAM as that, or more, low RAM ends here, and all the rest lies from
/// kHighRamStart on: as with QEMU's q35, so that firmware and kernels meet what they know.
inline constexpr GuestAddress kLowRamOfLarge{2 * kGiB};
inline constexpr GuestAddress kHighRamStart{4 * kGiB};

/// RAM from address 0.
constexpr Window low_ram(std::uint64_t memory_bytes) {
  return {GuestAddress(0), memory_bytes < kLowRamLimit.value() ? memory_bytes : kLowRamOfLarge.value()};
}

/// RAM from 4 GiB; of size 0 where all of it fits below.
constexpr Window high_ram(std::uint64_t memory_bytes) {
  return {kHighRamStart, memory_bytes - low_ram(memory_bytes).size};
}

// -- The hole below 4 GiB -----------------------------------------------------------------------------------

/// For BARs of PCI functions that can't go above 4 GiB. The 256 MiB before it are kept for firmware that puts
/// PCI configuration space there.
inline constexpr Window kMmio32{GuestAddress(0xc0000000), 512 * kMiB};
/// PCI configuration space: 256 buses of 1 MiB.
inline constexpr Window kPciEcam{GuestAddress(0xe0000000), 256 * kMiB};
/// Registers of devices that are not on PCI.
inline constexpr Window kPlatformMmio{GuestAddress(0xf0000000), 64 * kMiB};
inline constexpr Window kIoApic{GuestAddress(0xfec00000), kPageSize};
inline constexpr Window kLocalApic{GuestAddress(0xfee00000), kPageSize};
/// What KVM wants of the guest's address space on Intel: a page for KVM_SET_IDENTITY_MAP_ADDR, then three for
/// KVM_SET_TSS_ADDR.
inline constexpr Window kKvmIdentityMap{GuestAddress(0xfeffc000), kPageSize};
inline constexpr Window kKvmTss{GuestAddress(0xfeffd000), 3 * kPageSize};
/// Firmware, ending at 4 GiB. Unused by direct Linux boot.
inline constexpr Window kFlash{GuestAddress(0xff000000), 16 * kMiB};

/// For 64-bit BARs: 32 GiB, from the first multiple of 32 GiB above all RAM.
constexpr Window mmio64(std::uint64_t memory_bytes) {
  return {GuestAddress(round_up(high_ram(memory_bytes).end().value(), 32 * kGiB)), 32 * kGiB};
}

// -- Boot structures, all below the kernel ------------------------------------------------------------------

/// The BIOS data area's page: Linux takes the end of conventional memory from it (ebda.c), so it is measured.
inline constexpr Window kBiosDataArea{GuestAddress(0x0), kPageSize};
inline constexpr Window kGdt{GuestAddress(0x6000), kPageSize};
inline constexpr Window kBootParams{GuestAddress(0x7000), kPageSize};
inline constexpr Window kCommandLine{GuestAddress(0x8000), kPageSize};
/// Conventional RAM ends here; the kernel puts its real-mode trampoline below.
inline constexpr GuestAddress kConventionalEnd{0x9e000};
/// Kept for the AP stub and jump table that SEV-ES guests with more than one vCPU need on hardware; reserved
/// in the memory map.
inline constexpr Window kApStub{GuestAddress(0x9e000), kPageSize};
inline constexpr Window kApJumpTable{GuestAddress(0x9f000), kPageSize};
/// Where a PC's firmware would be. Linux without EFI reboots by a jump to F000:FFF0 in real mode
/// (arch/x86/kernel/reboot.c, BOOT_BIOS); the instructions there ask for the reset.
inline constexpr Window kResetVector{GuestAddress(0xff000), kPageSize};
inline constexpr std::uint64_t kResetVectorEntry = 0xff0;
/// RAM goes on here after the legacy area.
inline constexpr GuestAddress kExtendedRamStart{0x100000};
/// The launch secret's page: a setup_data node in RAM, its data behind a header of 16 bytes.
inline constexpr Window kSecret{GuestAddress(0x100000), kPageSize};
inline constexpr std::uint64_t kSecretDataOffset = 16;
/// ACPI tables: their own type in the memory map, because Linux maps them encrypted only there or in RAM.
/// Whole pages of it are loaded as far as tables reach.
inline constexpr Window kAcpiTables{GuestAddress(0x110000), 64 * 1024};
/// The kernel's protected-mode code is loaded, and entered, here; the initrd ends where low RAM ends (or at
/// the kernel's own limit).
inline constexpr GuestAddress kKernel{0x1000000};

// -- Ports --------------------------------------------------------------------------------------------------

inline constexpr std::uint16_t kCom1Port = 0x3f8;
inline constexpr std::uint16_t kCom1PortCount = 8;
inline constexpr std::uint16_t kRtcPort = 0x70;
inline constexpr std::uint16_t kRtcPortCount = 2;
/// PCI configuration mechanism 1: address and data, 4 bytes each.
inline constexpr std::uint16_t kPciConfigurationPort = 0xcf8;
inline constexpr std::uint16_t kPciConfigurationPortCount = 8;
/// The ACPI power device: 8 ports.
inline constexpr std::uint16_t kPowerPort = 0x600;
inline constexpr std::uint16_t kPowerPortCount = 8;
/// One byte, written: SLP_TYP in bits 2-4, SLP_EN in bit 5 (ACPI 6.4, 4.8.3.7).
inline constexpr std::uint16_t kSleepControlPort = kPowerPort + 0;
/// One byte: WAK_STS in bit 7 (same section); reads as 0, as this machine never sleeps and wakes.
inline constexpr std::uint16_t kSleepStatusPort = kPowerPort + 1;
/// One byte: writing kResetValue resets the machine (ACPI 6.4, 4.8.3.6).
inline constexpr std::uint16_t kResetPort = kPowerPort + 2;
/// Four bytes, little-endian: the generic event device's pending events; reading clears them.
inline constexpr std::uint16_t kEventStatusPort = kPowerPort + 4;

inline constexpr std::uint8_t kSleepTypeS5 = 5;
inline constexpr std::uint8_t kSleepEnable = 1U << 5;
/// What a guest writes to kSleepControlPort to switch itself off.
inline constexpr std::uint8_t kPowerOffValue = (kSleepTypeS5 << 2) | kSleepEnable;
inline constexpr std::uint8_t kResetValue = 0x01;
inline constexpr std::uint32_t kEventPowerButton = 1U << 0;

// -- Interrupts: global system interrupts, which are the IOAPIC's pins
// ----------------------------------------

inline constexpr std::uint32_t kIoApicPins = 24;
inline constexpr std::uint8_t kIoApicId = 0;
/// All three edge-triggered, active high.
inline constexpr std::uint32_t kCom1Gsi = 4;
inline constexpr std::uint32_t kRtcGsi = 8;
inline constexpr std::uint32_t kEventGsi = 9;

/// A vCPU's local APIC id and its ACPI processor UID are its number.
constexpr std::uint32_t apic_id(std::uint32_t vcpu) { return vcpu; }

static_assert(kSleepControlPort != kSleepStatusPort && kEventStatusPort + 4 == kPowerPort + kPowerPortCount);
static_assert(kLowRamLimit + kPciEcam.size == kMmio32.start && kLowRamOfLarge < kLowRamLimit);
static_assert(low_ram(kLowRamLimit.value() - kPageSize).end() < kLowRamLimit &&
              high_ram(kLowRamLimit.value() - kPageSize).size == 0);
static_assert(low_ram(kLowRamLimit.value()).end() == kLowRamOfLarge &&
              high_ram(kLowRamLimit.value()).size == kLowRamLimit - kLowRamOfLarge);
static_assert(kMmio32.end() == kPciEcam.start && kPciEcam.end() == kPlatformMmio.start);
static_assert(kPlatformMmio.end() < kIoApic.start && kKvmTss.end() == kFlash.start &&
              kFlash.end() == kHighRamStart);
static_assert(kApJumpTable.end() < kResetVector.start && kResetVector.end() == kExtendedRamStart);
static_assert(kAcpiTables.end() < kKernel && kSecret.end() < kAcpiTables.start);

}  // namespace virtsev::layout
