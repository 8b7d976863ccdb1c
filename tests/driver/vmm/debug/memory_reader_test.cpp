// SPDX-License-Identifier: LGPL-2.1-or-later
// What a debugger sees: what the firmware decrypts, what the guest shares, and what its policy lets through.
#include "driver/vmm/debug/memory_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/vmm/simulation/strict_memory.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/debug/page_tables.hpp"
#include "tests/driver/vmm/launch/fake_sev_vm.hpp"

namespace virtsev::vmm::test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kSize = 64 * kMiB;
constexpr unsigned kCBitPosition = 39;
constexpr std::uint64_t kCBit = 1ULL << kCBitPosition;
constexpr std::uint64_t kTables = 2 * kMiB;

class Reader : public testing::Test {
 protected:
  MemoryReader encrypted(std::uint32_t policy = 0) {
    return MemoryReader({strict_, &launch_, sevcore::Policy(policy), kCBit});
  }
  static Bytes physical(const MemoryReader& reader, std::uint64_t from, std::size_t size) {
    Bytes bytes(size);
    reader.read_physical(GuestAddress(from), bytes);
    return bytes;
  }
  static Bytes through_tables(const MemoryReader& reader, const sevcore::VcpuState& vcpu, std::uint64_t from,
                              std::size_t size) {
    Bytes bytes(size);
    reader.read_virtual(vcpu, from, bytes);
    return bytes;
  }
  template <typename Action>
  static Error error_of(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorCode::kInternal, "no error"};
  }
  static Bytes as_the_firmware_gives(Bytes bytes) {
    for (std::uint8_t& byte : bytes) {
      byte ^= FakeSevVm::kCipher;
    }
    return bytes;
  }
  /// As the fake firmware decrypts it to `value`.
  void put_entry(std::uint64_t address, std::uint64_t value) {
    Bytes bytes;
    append_le<std::uint64_t>(bytes, value);
    ASSERT_TRUE(strict_.private_memory().write(GuestAddress(address), as_the_firmware_gives(bytes)));
  }
  /// Two small pages from linear 0 on.
  void map(std::uint64_t first, std::uint64_t second) {
    put_entry(kTables, (kTables + 0x1000) | kCBit | kPresent);
    put_entry(kTables + 0x1000, (kTables + 0x2000) | kCBit | kPresent);
    put_entry(kTables + 0x2000, (kTables + 0x3000) | kCBit | kPresent);
    put_entry(kTables + 0x3000, first | kPresent);
    put_entry(kTables + 0x3008, second | kPresent);
  }

  StrictMemory strict_{kSize, kCBitPosition};
  FakeSevVm vm_;
  Launch launch_{vm_, strict_};
};

TEST_F(Reader, AnEncryptedGuestsMemoryIsWhatTheFirmwareDecrypts) {
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(kMiB), Bytes(32, 0x12)));
  EXPECT_EQ(physical(encrypted(), kMiB, 32), as_the_firmware_gives(Bytes(32, 0x12)));
}

TEST_F(Reader, AnUnprotectedGuestsMemoryIsReadPlainly) {
  const PlainMemory plain(kSize);
  ASSERT_TRUE(plain.private_memory().write(GuestAddress(kMiB), Bytes(32, 0x12)));
  const MemoryReader reader({plain, nullptr, sevcore::Policy(1), 0});
  EXPECT_EQ(physical(reader, kMiB, 32), Bytes(32, 0x12));
  EXPECT_EQ(through_tables(reader, {}, kMiB, 32), Bytes(32, 0x12));
  EXPECT_TRUE(vm_.calls.empty());
}

TEST_F(Reader, APolicyWithNodbgIsNamedAndNothingIsRead) {
  for (const std::uint32_t policy : {1U, 5U, 0x10007U}) {
    const MemoryReader reader = encrypted(policy);
    for (const std::size_t size : {0U, 16U}) {
      const Error error = error_of([&] { physical(reader, kMiB, size); });
      EXPECT_EQ(error.code(), ErrorCode::kOperationDenied);
      EXPECT_THAT(error.what(), HasSubstr("NODBG"));
    }
    EXPECT_EQ(error_of([&] { through_tables(reader, {}, kMiB, 16); }).code(), ErrorCode::kOperationDenied);
  }
  EXPECT_THAT(error_of([&] { physical(encrypted(5), kMiB, 16); }).what(), HasSubstr("0x5"));
  EXPECT_TRUE(vm_.calls.empty());
}

TEST_F(Reader, AddressesOutsideTheGuestsMemoryAreRefused) {
  const MemoryReader reader = encrypted();
  for (const auto& [from, size] : std::vector<std::pair<std::uint64_t, std::size_t>>{{kSize, 0},
                                                                                     {kSize, 1},
                                                                                     {kSize - 8, 9},
                                                                                     {0xfee00000, 16},
                                                                                     {~0ULL, 1},
                                                                                     {~0ULL - 3, 16},
                                                                                     {kCBit, 16}}) {
    const Error error = error_of([&, at = from, bytes = size] { physical(reader, at, bytes); });
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << from;
  }
  EXPECT_TRUE(vm_.calls.empty());
  EXPECT_EQ(physical(reader, kSize - 16, 16).size(), 16U);
  EXPECT_TRUE(physical(reader, kSize - 1, 0).empty());
}

TEST_F(Reader, VirtualAddressesFollowTheGuestsOwnTablesAcrossPages) {
  map((4 * kMiB) | kCBit, (3 * kMiB) | kCBit);
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(4 * kMiB + 0xff8), Bytes(8, 0xaa)));
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(3 * kMiB), Bytes(8, 0xbb)));
  Bytes expected(8, 0xaa ^ FakeSevVm::kCipher);
  expected.resize(16, 0xbb ^ FakeSevVm::kCipher);
  EXPECT_EQ(through_tables(encrypted(), long_mode(kTables | kCBit), 0xff8, 16), expected);
}

TEST_F(Reader, APageThatTheGuestSharesIsReadAsItIs) {
  map(4 * kMiB, (3 * kMiB) | kCBit);
  ASSERT_TRUE(strict_.shared_memory().write(GuestAddress(4 * kMiB), Bytes(8, 0xcc)));
  EXPECT_EQ(through_tables(encrypted(), long_mode(kTables), 0, 8), Bytes(8, 0xcc));
}

TEST_F(Reader, VirtualAddressesThatLeadNowhereAreRefusedByTheirReason) {
  map(kSize | kCBit, 0x0000ffff00000000);
  const sevcore::VcpuState vcpu = long_mode(kTables);
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), vcpu, 0, 8); }).what(), HasSubstr("0x4000000"));
  EXPECT_EQ(error_of([&] { through_tables(encrypted(), vcpu, 0x1000, 8); }).code(),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), vcpu, 0x2000, 0); }).what(), HasSubstr("mapped"));
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), vcpu, 1ULL << 50, 8); }).what(),
              HasSubstr("no virtual address"));
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), long_mode(kSize), 0, 8); }).what(),
              HasSubstr("page tables"));
}

TEST_F(Reader, AnSevEsGuestsPageTablesCantBeFound) {
  const Error error = error_of([&] { through_tables(encrypted(4), long_mode(kTables), 0, 8); });
  EXPECT_EQ(error.code(), ErrorCode::kOperationUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("VIR_MEMORY_PHYSICAL"));
  EXPECT_TRUE(vm_.calls.empty());
}

}  // namespace
}  // namespace virtsev::vmm::test
