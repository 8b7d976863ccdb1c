// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of a machine that firmware starts: put into memory as the loader's commands say, they are found
// and checked from the RSDP on.
#include "driver/boot/acpi/firmware_tables.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "driver/boot/acpi/tables.hpp"
#include "sevcore/machine/firmware_layout.hpp"
#include "sevcore/machine/machine_version.hpp"
#include "tests/driver/boot/acpi/table_walk.hpp"

namespace virtsev::boot::acpi {
namespace {

using test::find_tables;
using test::sum_of;

/// Does what firmware does, with the RSDP just behind the tables.
class Firmware {
 public:
  Firmware(std::uint32_t vcpus, const FirmwareChoice& choice) {
    files_[kTablesFile] = firmware_tables(vcpus, choice);
    files_[kRsdpFile] = firmware_rsdp(vcpus);
    const Bytes loader = firmware_loader(vcpus);
    EXPECT_EQ(loader.size() % 128, 0U);
    for (std::size_t at = 0; at + 128 <= loader.size(); at += 128) {
      obey(ByteView(loader).subspan(at, 128));
    }
  }
  /// As a direct boot's, which lie together.
  Tables tables() {
    Tables tables;
    tables.bytes = files_[kTablesFile];
    tables.rsdp = address_of(kRsdpFile);
    tables.bytes.insert(tables.bytes.end(), files_[kRsdpFile].begin(), files_[kRsdpFile].end());
    return tables;
  }

 private:
  GuestAddress address_of(const std::string& file) {
    return layout::kAcpiTables.start + (file == kTablesFile ? 0 : files_[kTablesFile].size());
  }
  static std::string name_at(ByteView command, std::size_t offset) {
    return reinterpret_cast<const char*>(command.data() + offset);
  }
  void obey(ByteView command) {
    const std::string name = name_at(command, 4);
    switch (get_le<std::uint32_t>(command, 0)) {
      case 1:
        EXPECT_TRUE(files_.count(name));
        break;
      case 2: {
        Bytes& file = files_.at(name);
        const auto offset = get_le<std::uint32_t>(command, 116);
        const std::uint64_t base = address_of(name_at(command, 60)).value();
        if (command[120] == 8) {
          put_le<std::uint64_t>(file, offset, get_le<std::uint64_t>(file, offset) + base);
        } else {
          ASSERT_EQ(command[120], 4);
          put_le<std::uint32_t>(file, offset,
                                get_le<std::uint32_t>(file, offset) + static_cast<std::uint32_t>(base));
        }
        break;
      }
      case 3: {
        Bytes& file = files_.at(name);
        const ByteView summed =
            ByteView(file).subspan(get_le<std::uint32_t>(command, 64), get_le<std::uint32_t>(command, 68));
        // The byte itself is in it (edk2, CalculateCheckSum8 over the whole range).
        const auto sum = static_cast<std::uint8_t>(-sum_of(Bytes(summed.begin(), summed.end())));
        file[get_le<std::uint32_t>(command, 60)] = sum;
        break;
      }
      default:
        ADD_FAILURE() << "no command of the loader's";
    }
  }

  std::map<std::string, Bytes> files_;
};

TEST(FirmwareTables, AreFoundFromTheRsdpWithRightChecksums) {
  for (const std::uint32_t vcpus : {1U, 4U, machine::kLimits.vcpus}) {
    const auto tables = find_tables(Firmware(vcpus, {layout::kPciEcam.start, 512 * layout::kMiB}).tables());
    EXPECT_EQ(tables.size(), 6U);
    for (const auto& [signature, table] : tables) {
      EXPECT_EQ(sum_of(table), 0) << signature << " for " << vcpus;
    }
  }
}

TEST(FirmwareTables, FollowWhereFirmwareHasPutConfigurationSpace) {
  const auto early = find_tables(Firmware(1, {layout::kEarlyEcam, 512 * layout::kMiB}).tables());
  EXPECT_EQ(get_le<std::uint64_t>(early.at("MCFG"), 44), 0xb0000000U);
  const auto late = find_tables(Firmware(1, {layout::kPciEcam.start, 512 * layout::kMiB}).tables());
  EXPECT_EQ(get_le<std::uint64_t>(late.at("MCFG"), 44), 0xe0000000U);
  EXPECT_NE(early.at("DSDT"), late.at("DSDT"));
  EXPECT_EQ(firmware_tables(1, {layout::kEarlyEcam, 512 * layout::kMiB}).size(),
            firmware_tables(1, {layout::kPciEcam.start, 4 * layout::kGiB}).size());
}

TEST(FirmwareTables, AreADirectBootsButForWhatFirmwareDecides) {
  const auto direct = find_tables(make_tables(2));
  const auto firmware = find_tables(Firmware(2, {layout::kPciEcam.start, 2560 * layout::kMiB}).tables());
  for (const char* signature : {"APIC", "MCFG", "DSDT"}) {
    EXPECT_EQ(firmware.at(signature), direct.at(signature)) << signature;
  }
}

}  // namespace
}  // namespace virtsev::boot::acpi
