// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "driver/daemon/gdb/registers.hpp"

namespace virtsev::daemon::gdb {
namespace {

constexpr std::size_t kRax = 0;
constexpr std::size_t kRip = 16;
constexpr std::size_t kEflags = 17;
constexpr std::size_t kCs = 18;
constexpr std::size_t kSt0 = 24;
constexpr std::size_t kFsBase = 40;
constexpr std::size_t kEfer = 47;

control::VcpuRegisters sample() {
  control::VcpuRegisters registers;
  for (std::size_t i = 0; i < registers.general.size(); ++i) {
    registers.general[i] = 0x1100 + i;
  }
  registers.rip = 0xffffffff81000010;
  registers.rflags = 0x246;
  registers.selectors = {0x10, 0x18, 0, 0, 0, 0};
  registers.fs_base = 0x7f0000001000;
  registers.efer = 0xd01;
  return registers;
}

TEST(GdbRegisters, AreWrittenLowestByteFirstInTheDescriptionsOrder) {
  const auto registers = sample();
  EXPECT_EQ(48U, register_count());
  EXPECT_EQ("0011000000000000", register_text(&registers, kRax));
  EXPECT_EQ("10000081ffffffff", register_text(&registers, kRip));
  EXPECT_EQ("46020000", register_text(&registers, kEflags));
  EXPECT_EQ("10000000", register_text(&registers, kCs));
  EXPECT_EQ("00100000007f0000", register_text(&registers, kFsBase));
  EXPECT_EQ("010d000000000000", register_text(&registers, kEfer));
}

TEST(GdbRegisters, OfFloatingPointAreUnavailable) {
  const auto registers = sample();
  EXPECT_EQ(std::string(20, 'x'), register_text(&registers, kSt0));
  EXPECT_EQ(std::string(8, 'x'), register_text(&registers, kFsBase - 1));
}

TEST(GdbRegisters, ThatAreEncryptedAreUnavailableButForAnInstructionPointerThatGdbNeeds) {
  EXPECT_EQ(std::string(16, 'x'), register_text(nullptr, kRax));
  EXPECT_EQ(std::string(8, 'x'), register_text(nullptr, kCs));
  EXPECT_EQ(std::string(16, '0'), register_text(nullptr, kRip));
}

TEST(GdbRegisters, AllTogetherAreEachInTurn) {
  const auto registers = sample();
  std::string expected;
  for (std::size_t i = 0; i < register_count(); ++i) {
    expected += register_text(&registers, i);
  }
  EXPECT_EQ(expected, all_registers(&registers));
}

TEST(GdbRegisters, AreReadBackAsTheyWereWritten) {
  auto registers = sample();
  EXPECT_EQ(Written::kDone, put_register(registers, kRip, "8877665544332211"));
  EXPECT_EQ(0x1122334455667788U, registers.rip);
  EXPECT_EQ(Written::kDone, put_register(registers, kEflags, "02000000"));
  EXPECT_EQ(2U, registers.rflags);
  EXPECT_EQ(Written::kReadOnly, put_register(registers, kCs, "08000000"));
  EXPECT_EQ(Written::kReadOnly, put_register(registers, kSt0, std::string(20, '0')));
}

TEST(GdbRegisters, OfAWrongNumberOrLengthAreRefused) {
  auto registers = sample();
  EXPECT_EQ(Written::kMalformed, put_register(registers, register_count(), "00"));
  EXPECT_EQ(Written::kMalformed, put_register(registers, kRax, ""));
  EXPECT_EQ(Written::kMalformed, put_register(registers, kRax, "001122334455667788"));
  EXPECT_EQ(Written::kMalformed, put_register(registers, kRax, "00112233445566zz"));
  EXPECT_EQ(sample(), registers);
}

TEST(GdbRegisters, AllAreWrittenOrNone) {
  auto registers = sample();
  std::string digits = all_registers(&registers);
  digits.replace(0, 16, "ff00000000000000");
  EXPECT_EQ(Written::kDone, put_all_registers(registers, digits));
  EXPECT_EQ(0xffU, registers.general[0]);
  const auto before = registers;
  digits.replace(0, 16, "ee00000000000000");
  EXPECT_EQ(Written::kMalformed, put_all_registers(registers, digits.substr(0, digits.size() - 1)));
  EXPECT_EQ(before, registers);
}

}  // namespace
}  // namespace virtsev::daemon::gdb
