// SPDX-License-Identifier: LGPL-2.1-or-later
// ACPICA's own compiler as the judge: the DSDT's source gives the committed bytes, and every table survives
// being disassembled and compiled.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <gtest/gtest.h>

#include "driver/boot/acpi/dsdt.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/acpi/table_walk.hpp"

namespace virtsev::boot::acpi {
namespace {

namespace fs = std::filesystem;

class Iasl : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v iasl >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "iasl is missing (Debian: acpica-tools)";
    }
    std::string name = (fs::temp_directory_path() / "virtsev-iasl-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    if (!directory_.empty()) {
      fs::remove_all(directory_);
    }
  }

  /// What iasl printed; fails the test where it did not succeed.
  std::string run(const std::string& arguments) {
    const std::string command = "cd '" + directory_.string() + "' && iasl " + arguments + " >log 2>&1";
    const int status = std::system(command.c_str());
    std::ostringstream log;
    log << std::ifstream(directory_ / "log").rdbuf();
    EXPECT_EQ(status, 0) << command << "\n" << log.str();
    return log.str();
  }
  Bytes read(const std::string& name) {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void write(const std::string& name, ByteView bytes) {
    std::ofstream(directory_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  fs::path directory_;
};

/// A table without its checksum, and the compiler's id and version, which differ from one iasl to the next.
Bytes without_creator(ByteView table) {
  Bytes bytes(table.begin(), table.end());
  if (bytes.size() >= 36) {
    bytes[9] = 0;
    std::fill(bytes.begin() + 28, bytes.begin() + 36, 0);
  }
  return bytes;
}

TEST_F(Iasl, MakesTheCommittedDsdtFromItsSource) {
  run("-we -p dsdt '" VIRTSEV_SOURCE_DIR "/driver/boot/acpi/dsdt.asl'");
  EXPECT_EQ(without_creator(read("dsdt.aml")), without_creator(dsdt()))
      << "dsdt.asl was changed; run driver/boot/acpi/compile";
}

TEST_F(Iasl, ReadsEveryTableWithoutComplaint) {
  for (const auto& [signature, table] : test::find_tables(make_tables(64))) {
    if (signature == "RSD PTR ") {
      continue;  // No table to iasl: it has no common header
    }
    write("table.dat", table);
    const std::string log = run("-d table.dat");
    for (const char* complaint : {"rror", "arning", "ncorrect", "nvalid"}) {
      EXPECT_EQ(log.find(complaint), std::string::npos) << signature << ": " << log;
    }
  }
}

TEST_F(Iasl, MakesEveryTableAgainFromWhatItRead) {
  for (const auto& [signature, table] : test::find_tables(make_tables(2))) {
    if (signature == "RSD PTR ") {
      continue;
    }
    write("table.dat", table);
    run("-d table.dat");
    run("-p again table.dsl");
    EXPECT_EQ(without_creator(read("again.aml")), without_creator(table)) << signature;
  }
}

/// Whether these bytes stand somewhere in the DSDT.
bool dsdt_has(const Bytes& bytes) {
  const ByteView table = dsdt();
  return std::search(table.begin(), table.end(), bytes.begin(), bytes.end()) != table.end();
}

/// I/O port descriptor (ACPI 6.4, 6.4.2.5).
Bytes ports(std::uint16_t first, std::uint16_t count) {
  Bytes bytes{0x47, 1};
  append_le<std::uint16_t>(bytes, first);
  append_le<std::uint16_t>(bytes, first);
  bytes.insert(bytes.end(), {0, static_cast<std::uint8_t>(count)});
  return bytes;
}

/// Extended interrupt descriptor (ACPI 6.4, 6.4.3.6): consumer, edge, active high, exclusive.
Bytes interrupt(std::uint32_t gsi) {
  Bytes bytes{0x89, 6, 0, 0x03, 1};
  append_le<std::uint32_t>(bytes, gsi);
  return bytes;
}

TEST(Dsdt, SpeaksOfThePortsAndInterruptsInTheLayout) {
  EXPECT_TRUE(dsdt_has(ports(layout::kCom1Port, layout::kCom1PortCount)));
  EXPECT_TRUE(dsdt_has(ports(layout::kRtcPort, layout::kRtcPortCount)));
  EXPECT_TRUE(dsdt_has(ports(layout::kPowerPort, layout::kPowerPortCount)));
  EXPECT_TRUE(dsdt_has(interrupt(layout::kCom1Gsi)));
  EXPECT_TRUE(dsdt_has(interrupt(layout::kRtcGsi)));
  EXPECT_TRUE(dsdt_has(interrupt(layout::kEventGsi)));
}

/// 32-bit address space descriptor (ACPI 6.4, 6.4.3.5.2) of memory: granularity, first, last, translation,
/// length.
Bytes memory(layout::Window window) {
  Bytes bytes;
  append_le<std::uint32_t>(bytes, 0);
  append_le<std::uint32_t>(bytes, static_cast<std::uint32_t>(window.start.value()));
  append_le<std::uint32_t>(bytes, static_cast<std::uint32_t>(window.end().value() - 1));
  append_le<std::uint32_t>(bytes, 0);
  append_le<std::uint32_t>(bytes, static_cast<std::uint32_t>(window.size));
  return bytes;
}

TEST(Dsdt, GivesPciTheLayoutsWindowsAndPorts) {
  EXPECT_TRUE(dsdt_has(memory(layout::kMmio32)));
  EXPECT_TRUE(dsdt_has(memory(layout::kPciEcam)));
  Bytes configuration = ports(layout::kPciConfigurationPort, layout::kPciConfigurationPortCount);
  configuration[6] = 1;  // Alignment
  EXPECT_TRUE(dsdt_has(configuration));
}

TEST(Dsdt, ReadsTheEventStatusPort) {
  Bytes region{0x5b, 0x80, 'E', 'V', 'T', 'R', 1, 0x0b};  // OperationRegion (EVTR, SystemIO, word
  append_le<std::uint16_t>(region, layout::kEventStatusPort);
  EXPECT_TRUE(dsdt_has(region));
}

TEST(Dsdt, SleepsInS5WithTheLayoutsValue) {
  EXPECT_TRUE(dsdt_has({0x08, '_', 'S', '5', '_', 0x12, 0x07, 0x04, 0x0a, layout::kSleepTypeS5}));
}

}  // namespace
}  // namespace virtsev::boot::acpi
