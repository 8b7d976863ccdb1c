// SPDX-License-Identifier: LGPL-2.1-or-later
// The serial port as a guest's driver meets it.
#include "driver/vmm/devices/serial_port.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

// Registers.
constexpr std::uint16_t kData = 0, kIer = 1, kIir = 2, kFcr = 2, kLcr = 3, kMcr = 4, kLsr = 5, kMsr = 6,
                        kScr = 7;

class Serial : public testing::Test {
 protected:
  std::uint8_t read(std::uint16_t offset) {
    ByteArray<1> data{};
    port_.read(offset, data);
    return data[0];
  }
  void write(std::uint16_t offset, std::uint8_t value) { port_.write(offset, ByteView(&value, 1)); }
  std::string read_all() {
    std::string input;
    while ((read(kLsr) & 1) != 0) {
      input += static_cast<char>(read(kData));
    }
    return input;
  }

  const FakeInterrupts::Line& line() { return fake_.lines[4]; }

  int rooms_ = 0;
  std::string output_;
  FakeInterrupts fake_;
  Interrupts interrupts_{fake_, 24};
  SerialPort port_{interrupts_.line(4),
                   [this](ByteView output) { output_.append(output.begin(), output.end()); },
                   [this] { ++rooms_; }};
};

TEST_F(Serial, SendsWhatTheGuestWrites) {
  for (const char c : std::string("hello")) {
    write(kData, static_cast<std::uint8_t>(c));
  }
  EXPECT_EQ(output_, "hello");
  EXPECT_EQ(read(kLsr), 0x60);
}

TEST_F(Serial, GivesTheGuestItsInputInOrder) {
  EXPECT_EQ(port_.receive(bytes_of("input")), 5U);
  EXPECT_EQ(read_all(), "input");
  EXPECT_EQ(read(kData), 0);
}

TEST_F(Serial, TakesNoMoreInputThanItHasRoomFor) {
  const std::string much(SerialPort::kInputCapacity + 10, 'x');
  EXPECT_EQ(port_.receive(bytes_of(much)), SerialPort::kInputCapacity);
  EXPECT_EQ(port_.room(), 0U);
  EXPECT_EQ(port_.receive(bytes_of("y")), 0U);
  EXPECT_EQ(read_all().size(), SerialPort::kInputCapacity);
}

TEST_F(Serial, TellsOnceThatThereIsRoomAgain) {
  port_.receive(bytes_of(std::string(SerialPort::kInputCapacity, 'x')));
  for (std::size_t i = 0; i < SerialPort::kInputCapacity / 2 - 1; ++i) {
    read(kData);
  }
  EXPECT_EQ(rooms_, 0);
  read_all();
  EXPECT_EQ(rooms_, 1);
}

TEST_F(Serial, KeepsOrderAcrossTheEndOfItsBuffer) {
  for (int round = 0; round < 10; ++round) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
      text += static_cast<char>('a' + (round + i) % 26);
    }
    EXPECT_EQ(port_.receive(bytes_of(text)), 100U);
    EXPECT_EQ(read_all(), text);
  }
}

TEST_F(Serial, HasA16550sIdentification) {
  EXPECT_EQ(read(kIir), 0x01);
  write(kFcr, 0x01);
  EXPECT_EQ(read(kIir) & 0xc0, 0xc0);
  write(kIer, 0xff);
  EXPECT_EQ(read(kIer), 0x0f);
  write(kScr, 0x5a);
  EXPECT_EQ(read(kScr), 0x5a);
}

TEST_F(Serial, KeepsItsDivisorBehindTheLatch) {
  write(kLcr, 0x83);
  write(kData, 0x34);
  write(kIer, 0x12);
  EXPECT_EQ(read(kData), 0x34);
  EXPECT_EQ(read(kIer), 0x12);
  write(kLcr, 0x03);
  EXPECT_EQ(read(kIer), 0);
  EXPECT_EQ(output_, "");
}

TEST_F(Serial,
       ReportsItsControlLinesInLoopback) {  // how Linux finds a port: autoconfig() writes 0x1a and wants 0x90
  write(kMcr, 0x1a);
  EXPECT_EQ(read(kMsr) & 0xf0, 0x90);
  write(kMcr, 0x15);
  EXPECT_EQ(read(kMsr) & 0xf0, 0x60);
  write(kMcr, 0x00);
  EXPECT_EQ(read(kMsr) & 0xf0, 0xb0);
}

TEST_F(Serial, ReportsChangesOfLinesOnce) {
  write(kMcr, 0x10);  // CTS, DSR, DCD fall
  EXPECT_EQ(read(kMsr), 0x0b);
  EXPECT_EQ(read(kMsr), 0x00);
  write(kMcr, 0x14);  // RI rises: not reported
  EXPECT_EQ(read(kMsr), 0x40);
  write(kMcr, 0x10);  // RI ends
  EXPECT_EQ(read(kMsr), 0x04);
}

TEST_F(Serial, SendsToItselfInLoopback) {
  write(kMcr, 0x10);
  write(kData, 'a');
  EXPECT_EQ(output_, "");
  EXPECT_EQ(read_all(), "a");
}

TEST_F(Serial, ReportsAnOverrunInLoopbackOnce) {
  write(kMcr, 0x10);
  for (std::size_t i = 0; i <= SerialPort::kInputCapacity; ++i) {
    write(kData, 'a');
  }
  EXPECT_EQ(read(kLsr), 0x63);
  EXPECT_EQ(read(kLsr), 0x61);
}

TEST_F(Serial, InterruptsForInputUntilItIsRead) {
  write(kMcr, 0x08);
  write(kIer, 0x01);
  EXPECT_FALSE(line().level);
  port_.receive(bytes_of("ab"));
  EXPECT_TRUE(line().level);
  EXPECT_EQ(read(kIir), 0x04);
  read(kData);
  EXPECT_TRUE(line().level);
  read(kData);
  EXPECT_FALSE(line().level);
}

TEST_F(Serial, InterruptsAtOnceWhenTransmitInterruptsAreEnabled) {
  write(kMcr, 0x08);
  write(kIer, 0x02);
  EXPECT_TRUE(line().level);
  EXPECT_EQ(read(kIir), 0x02);
  EXPECT_FALSE(line().level) << "reading the identification clears it";
  EXPECT_EQ(read(kIir), 0x01);
  write(kIer, 0x02);
  EXPECT_FALSE(line().level) << "it was enabled already";
  write(kIer, 0x00);
  write(kIer, 0x02);
  EXPECT_TRUE(line().level);
}

TEST_F(Serial, InterruptsAfterEachByteSent) {
  write(kMcr, 0x08);
  write(kIer, 0x02);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read(kIir), 0x02);
    EXPECT_FALSE(line().level);
    write(kData, 'x');
    EXPECT_TRUE(line().level);
  }
  EXPECT_EQ(line().rises, 6);
}

TEST_F(Serial, PrefersInputOverTransmission) {
  write(kMcr, 0x08);
  write(kIer, 0x03);
  port_.receive(bytes_of("a"));
  EXPECT_EQ(read(kIir), 0x04);
  read(kData);
  EXPECT_EQ(read(kIir), 0x02) << "the transmit interrupt was not lost";
}

TEST_F(Serial, InterruptsNobodyWithoutOut2) {
  write(kIer, 0x03);
  port_.receive(bytes_of("a"));
  EXPECT_FALSE(line().level);
  write(kMcr, 0x08);
  EXPECT_TRUE(line().level);
}

TEST_F(Serial, ClearsItsFifoButNotWhatWaitsBehindIt) {
  write(kFcr, 0x01);
  port_.receive(bytes_of(std::string(16, 'f') + "later"));
  write(kFcr, 0x03);
  EXPECT_EQ(read_all(), "later");
}

TEST_F(Serial, TakesAWideAccessAsNeighbouringRegisters) {
  ByteArray<4> data{};
  port_.read(kMcr, data);
  EXPECT_EQ(data, (ByteArray<4>{0x00, 0x60, 0xb0, 0x00}));
}

TEST_F(Serial, SurvivesEveryWriteInEveryOrder) {  // a simple generator: all registers, all values
  std::uint32_t state = 1;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 1664525 + 1013904223;
    const auto offset = static_cast<std::uint16_t>(state >> 8 & 7);
    if ((state & 0x80000000) != 0) {
      write(offset, static_cast<std::uint8_t>(state >> 16));
    } else {
      read(offset);
    }
    if (i % 64 == 0) {
      port_.receive(bytes_of("0123456789"));
    }
    ASSERT_LE(port_.room(), SerialPort::kInputCapacity);
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
