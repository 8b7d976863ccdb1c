// SPDX-License-Identifier: LGPL-2.1-or-later
// The ACPI tables, found and checked as a guest does: from the RSDP on.
#include "driver/boot/acpi/tables.hpp"

#include <gtest/gtest.h>

#include "driver/boot/acpi/dsdt.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/acpi/table_walk.hpp"

namespace virtsev::boot::acpi {
namespace {

using test::find_tables;
using test::sum_of;

TEST(AcpiTables, AreFoundFromTheRsdp) {
  const auto tables = find_tables(make_tables(2));
  ASSERT_EQ(tables.size(), 6U);
  for (const char* signature : {"RSD PTR ", "XSDT", "FACP", "APIC", "MCFG", "DSDT"}) {
    EXPECT_EQ(tables.count(signature), 1U) << signature;
  }
}

TEST(AcpiTables, HaveRightChecksumsForAnyNumberOfVcpus) {
  for (std::uint32_t vcpus = 1; vcpus <= machine::kLimits.vcpus; ++vcpus) {
    const auto tables = find_tables(make_tables(vcpus));
    for (const auto& [signature, table] : tables) {
      EXPECT_EQ(sum_of(table), 0) << signature << " for " << vcpus;
    }
    EXPECT_EQ(sum_of(ByteView(tables.at("RSD PTR ")).first(20)), 0);
  }
}

TEST(AcpiTables, FitTheirPlaceForTheMostVcpus) {
  EXPECT_LE(make_tables(machine::kLimits.vcpus).bytes.size(), kPageSize) << "one page is measured, not two";
  EXPECT_LE(make_tables(machine::kLimits.vcpus).bytes.size(), layout::kAcpiTables.size);
}

TEST(Fadt, TellsHowToPowerOffAndReset) {
  const Bytes fadt = find_tables(make_tables(1)).at("FACP");
  const auto port_at = [&](std::size_t offset) {
    EXPECT_EQ(fadt[offset], 1) << "port space";
    EXPECT_EQ(fadt[offset + 1], 8) << "bits";
    return get_le<std::uint64_t>(fadt, offset + 4);
  };
  EXPECT_EQ(port_at(116), layout::kResetPort);
  EXPECT_EQ(fadt[128], layout::kResetValue);
  EXPECT_EQ(port_at(244), layout::kSleepControlPort);
  EXPECT_EQ(port_at(256), layout::kSleepStatusPort);
  const auto flags = get_le<std::uint32_t>(fadt, 112);
  EXPECT_TRUE(flags & (1U << 20)) << "hardware reduced";
  EXPECT_TRUE(flags & (1U << 10)) << "reset register";
  EXPECT_TRUE(flags & (1U << 4)) << "no fixed power button: the device in the DSDT";
}

TEST(Fadt, HasAnRtcAndNo8042ToLookFor) {
  const Bytes fadt = find_tables(make_tables(1)).at("FACP");
  const auto boot_flags = get_le<std::uint16_t>(fadt, 109);
  EXPECT_FALSE(boot_flags & (1U << 5)) << "CMOS RTC not present";
  EXPECT_FALSE(boot_flags & (1U << 1)) << "8042";
}

TEST(Mcfg, SaysWherePciConfigurationSpaceIs) {
  const Bytes mcfg = find_tables(make_tables(1)).at("MCFG");
  ASSERT_EQ(mcfg.size(), 60U);
  EXPECT_EQ(get_le<std::uint64_t>(mcfg, 44), layout::kPciEcam.start.value());
  EXPECT_EQ(get_le<std::uint16_t>(mcfg, 52), 0) << "segment";
  EXPECT_EQ(mcfg[54], 0) << "first bus";
  EXPECT_EQ((std::uint64_t{mcfg[55]} + 1) << 20, layout::kPciEcam.size) << "last bus";
}

TEST(Madt, ListsEveryVcpuByItsNumber) {
  const Bytes madt = find_tables(make_tables(machine::kLimits.vcpus)).at("APIC");
  EXPECT_EQ(get_le<std::uint32_t>(madt, 36), layout::kLocalApic.start.value());
  std::uint32_t vcpus = 0;
  std::uint32_t io_apics = 0;
  std::size_t at = 44;
  while (at + 2 <= madt.size()) {
    if (madt[at] == 0) {
      EXPECT_EQ(madt[at + 2], vcpus);
      EXPECT_EQ(madt[at + 3], layout::apic_id(vcpus));
      EXPECT_EQ(get_le<std::uint32_t>(madt, at + 4), 1U);
      ++vcpus;
    } else if (madt[at] == 1) {
      EXPECT_EQ(get_le<std::uint32_t>(madt, at + 4), layout::kIoApic.start.value());
      ++io_apics;
    }
    ASSERT_NE(madt[at + 1], 0);
    at += madt[at + 1];
  }
  EXPECT_EQ(at, madt.size());
  EXPECT_EQ(vcpus, machine::kLimits.vcpus);
  EXPECT_EQ(io_apics, 1U);
}

}  // namespace
}  // namespace virtsev::boot::acpi
