// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/fadt.hpp"

#include <algorithm>
#include <string_view>

#include "driver/boot/acpi/table.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot::acpi {
namespace {

// ACPI 6.4, table 5.9 (fields) and 5.10 (flags).
constexpr std::uint8_t kRevision = 6;
constexpr std::size_t kBytes = 276;

constexpr std::uint32_t kWbinvd = 1U << 0;
constexpr std::uint32_t kC1 = 1U << 2;
/// Set: no fixed power button, no fixed sleep button, no fixed RTC wake status.
constexpr std::uint32_t kNoFixedPowerButton = 1U << 4;
constexpr std::uint32_t kNoFixedSleepButton = 1U << 5;
constexpr std::uint32_t kNoFixedRtc = 1U << 6;
constexpr std::uint32_t kResetRegister = 1U << 10;
constexpr std::uint32_t kHardwareReduced = 1U << 20;

// ACPI 6.4, 5.2.9.3, IAPC_BOOT_ARCH. Clear: no 8042 to look for, a CMOS RTC is there.
constexpr std::uint16_t kLegacyDevices = 1U << 0;
constexpr std::uint16_t kNoVga = 1U << 2;

constexpr std::string_view kHypervisor = "VIRTSEV ";

}  // namespace

Bytes make_fadt(GuestAddress dsdt) {
  Bytes table = start_table("FACP", kRevision, kBytes);
  put_le<std::uint32_t>(table, kFadtDsdt, static_cast<std::uint32_t>(dsdt.value()));
  put_le<std::uint16_t>(table, 109, kLegacyDevices | kNoVga);
  put_le<std::uint32_t>(table, 112,
                        kWbinvd | kC1 | kNoFixedPowerButton | kNoFixedSleepButton | kNoFixedRtc |
                            kResetRegister | kHardwareReduced);
  put_port_register(table, 116, layout::kResetPort);
  table[128] = layout::kResetValue;
  table[131] = 4;  // ACPI 6.4
  put_le<std::uint64_t>(table, kFadtLongDsdt, dsdt.value());
  put_port_register(table, 244, layout::kSleepControlPort);
  put_port_register(table, 256, layout::kSleepStatusPort);
  std::copy(kHypervisor.begin(), kHypervisor.end(), table.begin() + 268);
  finish_table(table);
  return table;
}

}  // namespace virtsev::boot::acpi
