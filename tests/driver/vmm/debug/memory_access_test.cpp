// SPDX-License-Identifier: LGPL-2.1-or-later
// What a debugger sees and changes: what goes through the firmware, what the guest shares, and what its
// policy lets through.
#include "driver/vmm/debug/memory_access.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/vmm/simulated/strict_memory.hpp"
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

class Debugger : public testing::Test {
 protected:
  MemoryAccess encrypted(std::uint32_t policy = 0) {
    return MemoryAccess({strict_, &launch_, sevcore::make_protection(sevcore::Policy(policy)), kCBit});
  }
  static Bytes physical(const MemoryAccess& access, std::uint64_t from, std::size_t size) {
    Bytes bytes(size);
    access.read_physical(GuestAddress(from), bytes);
    return bytes;
  }
  static Bytes through_tables(const MemoryAccess& access, const sevcore::VcpuState& vcpu, std::uint64_t from,
                              std::size_t size) {
    Bytes bytes(size);
    access.read_virtual(vcpu, from, bytes);
    return bytes;
  }
  /// What the processor finds there.
  static Bytes raw(const GuestMemory& memory, std::uint64_t from, std::size_t size) {
    Bytes bytes(size);
    EXPECT_TRUE(memory.read(GuestAddress(from), bytes));
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

TEST_F(Debugger, AnEncryptedGuestsMemoryIsWhatTheFirmwareDecrypts) {
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(kMiB), Bytes(32, 0x12)));
  EXPECT_EQ(physical(encrypted(), kMiB, 32), as_the_firmware_gives(Bytes(32, 0x12)));
}

TEST_F(Debugger, AnEncryptedGuestsMemoryIsWrittenAsTheFirmwareEncryptsIt) {
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(kMiB), Bytes(32, 0x12)));
  encrypted().write_physical(GuestAddress(kMiB + 7), Bytes(3, 0x77));
  Bytes expected(32, 0x12);
  std::fill_n(expected.begin() + 7, 3, std::uint8_t{0x77 ^ FakeSevVm::kCipher});
  EXPECT_EQ(raw(strict_.private_memory(), kMiB, 32), expected);
  EXPECT_EQ(physical(encrypted(), kMiB + 7, 3), Bytes(3, 0x77));
}

TEST_F(Debugger, AnUnprotectedGuestsMemoryIsWrittenPlainly) {
  const PlainMemory plain(kSize);
  const MemoryAccess access({plain, nullptr, sevcore::Unprotected{}, 0});
  access.write_physical(GuestAddress(kMiB), Bytes(8, 0x12));
  access.write_virtual({}, kMiB + 8, Bytes(8, 0x34));
  Bytes expected(8, 0x12);
  expected.resize(16, 0x34);
  EXPECT_EQ(raw(plain.private_memory(), kMiB, 16), expected);
  EXPECT_TRUE(vm_.calls.empty());
}

TEST_F(Debugger, AnUnprotectedGuestsMemoryIsReadPlainly) {
  const PlainMemory plain(kSize);
  ASSERT_TRUE(plain.private_memory().write(GuestAddress(kMiB), Bytes(32, 0x12)));
  const MemoryAccess access({plain, nullptr, sevcore::Unprotected{}, 0});
  EXPECT_EQ(physical(access, kMiB, 32), Bytes(32, 0x12));
  EXPECT_EQ(through_tables(access, {}, kMiB, 32), Bytes(32, 0x12));
  EXPECT_TRUE(vm_.calls.empty());
}

TEST_F(Debugger, APolicyWithNodbgIsNamedAndNothingIsReadOrWritten) {
  for (const std::uint32_t policy : {1U, 5U, 0x10007U}) {
    const MemoryAccess access = encrypted(policy);
    for (const std::size_t size : {0U, 16U}) {
      const Error error = error_of([&] { physical(access, kMiB, size); });
      EXPECT_EQ(error.code(), ErrorCode::kOperationDenied);
      EXPECT_THAT(error.what(), HasSubstr("NODBG"));
      const Bytes bytes(size);
      EXPECT_EQ(error_of([&] { access.write_physical(GuestAddress(kMiB), bytes); }).code(),
                ErrorCode::kOperationDenied);
      EXPECT_EQ(error_of([&] { access.write_virtual({}, kMiB, bytes); }).code(), ErrorCode::kOperationDenied);
    }
    EXPECT_EQ(error_of([&] { access.require_debuggable(); }).code(), ErrorCode::kOperationDenied);
    EXPECT_EQ(error_of([&] { access.require_readable_registers(); }).code(), ErrorCode::kOperationDenied);
    EXPECT_EQ(error_of([&] { through_tables(access, {}, kMiB, 16); }).code(), ErrorCode::kOperationDenied);
  }
  EXPECT_THAT(error_of([&] { physical(encrypted(5), kMiB, 16); }).what(), HasSubstr("0x5"));
  EXPECT_TRUE(vm_.calls.empty());
}

TEST_F(Debugger, AddressesOutsideTheGuestsMemoryAreRefused) {
  const MemoryAccess access = encrypted();
  for (const auto& [from, size] : std::vector<std::pair<std::uint64_t, std::size_t>>{{kSize, 0},
                                                                                     {kSize, 1},
                                                                                     {kSize - 8, 9},
                                                                                     {0xfee00000, 16},
                                                                                     {~0ULL, 1},
                                                                                     {~0ULL - 3, 16},
                                                                                     {kCBit, 16}}) {
    const Error error = error_of([&, at = from, bytes = size] { physical(access, at, bytes); });
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << from;
    const Error of_writing =
        error_of([&, at = from, bytes = size] { access.write_physical(GuestAddress(at), Bytes(bytes)); });
    EXPECT_EQ(of_writing.code(), ErrorCode::kInvalidArgument) << from;
  }
  EXPECT_TRUE(vm_.calls.empty());
  EXPECT_EQ(physical(access, kSize - 16, 16).size(), 16U);
  EXPECT_TRUE(physical(access, kSize - 1, 0).empty());
}

TEST_F(Debugger, VirtualAddressesFollowTheGuestsOwnTablesAcrossPages) {
  map((4 * kMiB) | kCBit, (3 * kMiB) | kCBit);
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(4 * kMiB + 0xff8), Bytes(8, 0xaa)));
  ASSERT_TRUE(strict_.private_memory().write(GuestAddress(3 * kMiB), Bytes(8, 0xbb)));
  Bytes expected(8, 0xaa ^ FakeSevVm::kCipher);
  expected.resize(16, 0xbb ^ FakeSevVm::kCipher);
  EXPECT_EQ(through_tables(encrypted(), long_mode(kTables | kCBit), 0xff8, 16), expected);
}

TEST_F(Debugger, APageThatTheGuestSharesIsReadAsItIs) {
  map(4 * kMiB, (3 * kMiB) | kCBit);
  ASSERT_TRUE(strict_.shared_memory().write(GuestAddress(4 * kMiB), Bytes(8, 0xcc)));
  EXPECT_EQ(through_tables(encrypted(), long_mode(kTables), 0, 8), Bytes(8, 0xcc));
}

TEST_F(Debugger, WritingFollowsTheGuestsOwnTablesToPrivateAndToSharedPages) {
  map(4 * kMiB, (3 * kMiB) | kCBit);
  encrypted().write_virtual(long_mode(kTables), 0xff8, Bytes(16, 0xdd));
  EXPECT_EQ(raw(strict_.shared_memory(), 4 * kMiB + 0xff8, 8), Bytes(8, 0xdd));
  EXPECT_EQ(raw(strict_.private_memory(), 3 * kMiB, 8), as_the_firmware_gives(Bytes(8, 0xdd)));
  ASSERT_EQ(vm_.encrypted.size(), 1U) << "the shared page does not go through the firmware";
  EXPECT_EQ(through_tables(encrypted(), long_mode(kTables), 0xff8, 16), Bytes(16, 0xdd));
}

TEST_F(Debugger, WhereARangeEndsNowhereNothingOfItIsWritten) {
  const Bytes before(8, 0x12);
  for (const std::uint64_t second : {kSize | kCBit, std::uint64_t{0}}) {
    for (const std::uint64_t c_bit : {kCBit, std::uint64_t{0}}) {
      map((4 * kMiB) | c_bit, second);
      if (second == 0) {
        put_entry(kTables + 0x3008, 0);
      }
      ASSERT_TRUE(strict_.private_memory().write(GuestAddress(4 * kMiB + 0xff8), before));
      ASSERT_TRUE(strict_.shared_memory().write(GuestAddress(4 * kMiB + 0xff8), before));
      const Error error =
          error_of([&] { encrypted().write_virtual(long_mode(kTables), 0xff8, Bytes(16, 0xdd)); });
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_EQ(raw(strict_.private_memory(), 4 * kMiB + 0xff8, 8), before);
      EXPECT_EQ(raw(strict_.shared_memory(), 4 * kMiB + 0xff8, 8), before);
    }
  }
  EXPECT_TRUE(vm_.encrypted.empty());
}

TEST_F(Debugger, VirtualAddressesThatLeadNowhereAreRefusedByTheirReason) {
  map(kSize | kCBit, 0x0000ffff00000000);
  put_entry(kTables + 0x3010, 0);  // to the firmware's cipher, what was never written is no zeros
  const sevcore::VcpuState vcpu = long_mode(kTables);
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), vcpu, 0, 8); }).what(), HasSubstr("0x4000000"));
  EXPECT_EQ(error_of([&] { through_tables(encrypted(), vcpu, 0x1000, 8); }).code(),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), vcpu, 0x2000, 0); }).what(), HasSubstr("mapped"));
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), vcpu, 1ULL << 50, 8); }).what(),
              HasSubstr("not a virtual address"));
  EXPECT_THAT(error_of([&] { through_tables(encrypted(), long_mode(kSize), 0, 8); }).what(),
              HasSubstr("page tables"));
}

TEST_F(Debugger, AnSevEsGuestsPhysicalMemoryIsWritten) {
  encrypted(4).write_physical(GuestAddress(kMiB), Bytes(16, 0x44));
  EXPECT_EQ(physical(encrypted(4), kMiB, 16), Bytes(16, 0x44));
}

TEST_F(Debugger, AnSevEsGuestsPageTablesCantBeFound) {
  const Error error = error_of([&] { through_tables(encrypted(4), long_mode(kTables), 0, 8); });
  EXPECT_EQ(error.code(), ErrorCode::kOperationUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("VIR_MEMORY_PHYSICAL"));
  EXPECT_EQ(error_of([&] { encrypted(4).write_virtual(long_mode(kTables), 0, Bytes(8)); }).code(),
            ErrorCode::kOperationUnsupported);
  EXPECT_EQ(error_of([&] { encrypted(4).require_readable_registers(); }).code(),
            ErrorCode::kOperationUnsupported);
  EXPECT_TRUE(vm_.calls.empty());
}

}  // namespace
}  // namespace virtsev::vmm::test
