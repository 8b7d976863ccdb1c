// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies where in a machine that firmware (OVMF) starts, beside memory_layout.hpp: addresses and ports by
// which OVMF knows a q35 (edk2, OvmfPkg/Include/IndustryStandard/Q35MchIch9.h and QemuFwCfg.h).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::layout {

/// The firmware's image ends at 4 GiB. Below it, down to a power of two as flash has, lie zeros: where its
/// variables would be, it finds no flash then, and keeps them in RAM (OvmfPkg, QemuFlashDetected).
constexpr Window firmware_rom(std::uint64_t image_bytes) {
  const std::uint64_t size = std::bit_ceil(image_bytes);
  return {GuestAddress(kFlash.end().value() - size), size};
}

/// Where OVMF's releases before 2025 put PCI configuration space.
inline constexpr GuestAddress kEarlyEcam{0xb0000000};

/// Where OVMF begins to put BARs, where its configuration space lies above them: the greatest power of two
/// below 4 GiB that RAM leaves (OvmfPkg, PlatformQemuUc32BaseInitialization).
constexpr GuestAddress firmware_mmio32(std::uint64_t memory_bytes) {
  const std::uint64_t left = kHighRamStart - low_ram(memory_bytes).end();
  return GuestAddress(kHighRamStart.value() - std::min(2 * kGiB, std::bit_floor(left)));
}

/// What firmware may use below kMmio32: for BARs, or for its configuration space.
constexpr Window firmware_window(std::uint64_t memory_bytes) {
  const GuestAddress start = std::min(firmware_mmio32(memory_bytes), kEarlyEcam);
  return {start, kMmio32.start - start};
}

/// fw_cfg: the selector and data in two ports, DMA's address in the last eight of them.
inline constexpr std::uint16_t kFwCfgPort = 0x510;
inline constexpr std::uint16_t kFwCfgPortCount = 12;
/// The ACPI timer, behind the base that OVMF gives to power management (ICH9_PMBASE_VALUE).
inline constexpr std::uint16_t kPmTimerPort = kPowerPort + 8;
inline constexpr std::uint16_t kPmTimerPortCount = 4;
/// PM1 control of an ICH9; of it only SLP_EN, in its second byte, is there.
inline constexpr std::uint16_t kPm1ControlPort = kPowerPort + 4;

/// The LPC bridge, by which OVMF knows an ICH9.
inline constexpr std::uint8_t kLpcPciSlot = 31;

static_assert(firmware_mmio32(512 * kMiB) == GuestAddress(2 * kGiB));
static_assert(firmware_mmio32(6 * kGiB) == GuestAddress(2 * kGiB));
static_assert(firmware_mmio32(2560 * kMiB) == kMmio32.start);
static_assert(firmware_window(2560 * kMiB).start == kEarlyEcam);

}  // namespace virtsev::layout
