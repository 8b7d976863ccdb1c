// SPDX-License-Identifier: LGPL-2.1-or-later
// Two vCPUs with page tables, on real KVM.
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/guest/paged_guest.hpp"

namespace virtsev::vmm::test {
namespace {

using control::EndReason;

class PagedVcpus : public PagedGuest {
 protected:
  /// From real mode to 32-bit code with flat segments, which follows at kSecondCode. Lies at kLow.
  static Bytes trampoline() {
    Bytes bytes = {0xfa, 0x8c, 0xc8, 0x8e, 0xd8,            // cli; mov ax, cs; mov ds, ax
                   0x66, 0x0f, 0x01, 0x16, kTableLimit, 0,  // lgdt [kTableLimit]
                   0x0f, 0x20, 0xc0, 0x0c, 1,           0x0f,
                   0x22, 0xc0};               // mov eax, cr0; or al, 1; mov cr0, eax
    bytes.insert(bytes.end(), {0x66, 0xea});  // jmp 0x10:kSecondCode
    append_le<std::uint32_t>(bytes, kLow + kSecondCode);
    append_le<std::uint16_t>(bytes, 0x10);
    bytes.resize(kTable);
    for (const std::uint64_t segment : {0x0ULL, 0x0ULL, 0x00cf9b000000ffffULL, 0x00cf93000000ffffULL}) {
      append_le<std::uint64_t>(bytes, segment);
    }
    bytes.resize(kTableLimit);
    append_le<std::uint16_t>(bytes, 0x1f);
    append_le<std::uint32_t>(bytes, kLow + kTable);
    bytes.resize(kSecondCode);
    // mov ax, 0x18; mov ds, ax; mov es, ax; mov ss, ax
    bytes.insert(bytes.end(), {0x66, 0xb8, 0x18, 0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0});
    return bytes;
  }
  /// Has the second vCPU do that, from the beginning on.
  static void start_second(TinyGuest& first, const TinyGuest& second) {
    Bytes low = trampoline();
    low.insert(low.end(), second.instructions().begin(), second.instructions().end());
    first.data(kSecondImage, low);
    first.copy(kSecondImage, kLow, static_cast<std::uint32_t>(low.size()));
    first.start_vcpu(layout::apic_id(1), kLow / kPageSize);
  }

  static constexpr std::uint8_t kTable = 0x40;
  static constexpr std::uint8_t kTableLimit = 0x60;
  static constexpr std::uint32_t kSecondCode = 0x80;
  static constexpr std::uint32_t kSecondImage = kCode + 0x8000;
};

TEST_F(PagedVcpus, TakeTurnsInFaultsAndFindWhatTheyWrote) {
  constexpr std::uint32_t kOther = kWindow + (2U << 20);
  constexpr std::uint32_t kCount = 60;
  share(kWindow + 511 * kPageSize, kPages);
  share(kOther + 511 * kPageSize, kPages);
  const auto entries = [&](std::uint32_t linear) {
    return static_cast<std::uint32_t>(tables_->last_table(kRoot, linear));
  };
  TinyGuest second;
  second.enable_paging(kRoot).share_one_by_one(entries(kOther), kPages + 0x1000000, kOther, kCount);
  second.store(kFlags, 1).spin();
  TinyGuest first;
  start_second(first, second);
  first.enable_paging(kRoot).share_one_by_one(entries(kWindow), kPages, kWindow, kCount);
  run_paged(first.print("first").wait_for(kFlags, 1).print("both").power_off(), 2);
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_NE(monitor_->console().find("both"), std::string::npos);
}

TEST_F(PagedVcpus, ATopTableThatOneHasLeftIsTheOthersToShare) {
  constexpr std::uint32_t kOtherRoot = kPages;
  constexpr std::uint32_t kAlias = kWindow + 2 * kPageSize;
  share(kWindow, kPages + kPageSize);
  share(kAlias, kOtherRoot);
  const auto entries = static_cast<std::uint32_t>(tables_->last_table(kRoot, kWindow));
  TinyGuest second;
  second.enable_paging(kOtherRoot)
      .store(kFlags, 1)
      .wait_for(kFlags, 2)
      .load_root(kRoot)
      .store(kFlags, 3)
      .spin();
  TinyGuest first;
  first.copy(kRoot, kOtherRoot, kPageSize);
  start_second(first, second);
  first.enable_paging(kRoot)
      .wait_for(kFlags, 1)
      .store(kWindow, 1)  // has the tables looked at: the second's top table, too
      .store(kFlags, 2)
      .wait_for(kFlags, 3)
      .store(entries + 8, (kPages + 2 * kPageSize) | kPresent | kWritable)
      .store(kWindow + kPageSize, 1);  // once more
  ask_by_page(first, kAlias, kOtherRoot);
  run_paged(first.spin(), 2);
  EXPECT_TRUE(console_shows(kAnswered));
}

TEST_F(PagedVcpus, OneWithoutPagingTakesNothingFromOneThatHasIt) {
  share(kWindow, kPages);
  const auto entries = static_cast<std::uint32_t>(tables_->last_table(kRoot, kWindow));
  TinyGuest second;
  second.enable_paging(kRoot)
      .store(kFlags, 1)
      .wait_for(kFlags, 2)
      .store(entries + 8, (kPages + kPageSize) | kPresent | kWritable)
      .store(kWindow + kPageSize, 's')
      .store(kFlags, 3)
      .spin();
  TinyGuest first;
  start_second(first, second);
  first.wait_for(kFlags, 1)
      .store(kPages + 2 * kPageSize, 1)  // private, as it has no paging
      .store(kFlags, 2)
      .wait_for(kFlags, 3)
      .enable_paging(kRoot)
      .print("[")
      .print_memory(kWindow + kPageSize, 1)
      .print("]");
  run_paged(first.spin(), 2);
  EXPECT_TRUE(console_shows("[s]"));
}

TEST_F(PagedVcpus, PausesAndAnswersWhileBothFault) {
  constexpr std::uint32_t kOther = kWindow + (2U << 20);
  share(kWindow + 511 * kPageSize, kPages);
  share(kOther + 511 * kPageSize, kPages);
  const auto entries = [&](std::uint32_t linear) {
    return static_cast<std::uint32_t>(tables_->last_table(kRoot, linear));
  };
  TinyGuest second;
  second.enable_paging(kRoot).share_one_by_one(entries(kOther), kPages + 0x1000000, kOther, 60);
  second.store(kFlags, 1).spin();
  TinyGuest first;
  start_second(first, second);
  first.enable_paging(kRoot).print("begin").share_one_by_one(entries(kWindow), kPages, kWindow, 60);
  run_paged(first.wait_for(kFlags, 1).print("both").power_off(), 2);
  ASSERT_TRUE(console_shows("begin"));
  for (int round = 0; round < 10; ++round) {
    call<control::Done>(control::Pause{});
    call<control::Done>(control::Resume{});
  }
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_NE(monitor_->console().find("both"), std::string::npos);
}

}  // namespace
}  // namespace virtsev::vmm::test
