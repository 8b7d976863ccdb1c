// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest's page tables share is shared, and nothing else is: seen by guests on real KVM, hostile ones
// and ones that are wrong included.
#include "tests/driver/vmm/guest/paged_guest.hpp"

#include <future>

#include "driver/vmm/guest/guest.hpp"
#include "driver/vmm/simulated/page_table_walk.hpp"
#include "tests/driver/vmm/guest/platform_proxy.hpp"

namespace virtsev::vmm::test {
namespace {

using control::EndReason;

TEST_F(PagedGuest, IsAnsweredInAGhcbPageThatItShares) {
  share(kWindow, kPages);
  TinyGuest guest;
  guest.enable_paging(kRoot);
  ask_by_page(guest, kWindow, kPages);
  run_paged(guest.spin());
  EXPECT_TRUE(console_shows(kAnswered)) << "a monitor that serves the page from private memory?";
}

TEST_F(PagedGuest, FindsNoAnswerInAGhcbPageThatItLeftPrivate) {
  tables_->map(kRoot, kWindow, kPages | c_bit_);
  TinyGuest guest;
  guest.enable_paging(kRoot);
  ask_by_page(guest, kWindow, kPages);
  run_paged(guest.spin());
  EXPECT_TRUE(console_shows(unanswered()));
}

TEST_F(PagedGuest, KeepsWhatIsPrivateApartFromWhatIsShared) {
  share(kWindow, kPages);
  tables_->map(kRoot, kWindow + kPageSize, kPages | c_bit_);
  TinyGuest guest;
  guest.store(kPages, 'p').enable_paging(kRoot).store(kWindow, 's');
  run_paged(guest.print("[").print_memory(kWindow, 1).print_memory(kWindow + kPageSize, 1).print("]").spin());
  EXPECT_TRUE(console_shows("[sp]"));
}

TEST_F(PagedGuest, WalksATableInAPageThatWasSharedOnce) {
  constexpr std::uint32_t kTable = kPages;
  constexpr std::uint32_t kContent = kPages + kPageSize;
  share(kWindow, kTable);
  tables_->map(kRoot, kWindow + kPageSize, kTable | c_bit_);
  tables_->map(kRoot, kWindow + 2 * kPageSize, kContent | c_bit_);
  const auto entries = static_cast<std::uint32_t>(tables_->last_table(kRoot, kWindow));
  // The directory above: where the second 2 MiB of the window get their table.
  const std::uint64_t pointers = tables_->entry(kRoot, 0) & ~c_bit_ & ~0xfffULL;
  const auto directory =
      static_cast<std::uint32_t>(tables_->entry(pointers, kWindow >> 30) & ~c_bit_ & ~0xfffULL);
  TinyGuest guest;
  guest.enable_paging(kRoot)
      .store(kWindow, 0)  // shared, and there is no entry in it
      .store(kWindow + 2 * kPageSize, 'q')
      .store(kWindow + kPageSize, kContent | kPresent)
      .store(kWindow + kPageSize + 4, static_cast<std::uint32_t>(c_bit_ >> 32))
      .store(directory + 8, kTable | kPresent)
      // Anything that has the tables looked at: a page that was not mapped until now.
      .store(entries + 24, (kPages + 2 * kPageSize) | kPresent | kWritable)
      .store(kWindow + 3 * kPageSize, 1)
      .print("[")
      .print_memory(kWindow + (2U << 20), 1)
      .print("]");
  run_paged(guest.spin());
  EXPECT_TRUE(console_shows("[q]"));
}

TEST_F(PagedGuest, LivesWithTablesThatReferToThemselves) {
  share(kWindow, kPages);
  const std::uint64_t pointers = tables_->entry(kRoot, 0) & ~c_bit_ & ~0xfffULL;
  tables_->entry(pointers, 2) = kRoot | kPresent;
  for (std::size_t i = 1; i < 512; ++i) {
    tables_->entry(kRoot, i) = kRoot | kPresent;
  }
  TinyGuest guest;
  run_paged(
      guest.enable_paging(kRoot).store(kWindow, 1).print_memory(0x80000000, 1).print("alive").power_off());
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_NE(monitor_->console().find("alive"), std::string::npos);
}

TEST_F(PagedGuest, ThatSharesEverySecondPageIsEndedWithItsReason) {
  for (std::uint32_t page = 0; page <= 2 * PageRuns::kMost + 2; page += 2) {
    share(kWindow + page / 2 * kPageSize, 0x1100000 + page * kPageSize);
  }
  TinyGuest guest;
  run_paged(guest.enable_paging(kRoot).store(kWindow, 1).print("not ended").spin());
  const control::Ended ended = wait_for_end();
  EXPECT_EQ(ended.reason, EndReason::kError);
  EXPECT_NE(ended.text.find("page tables"), std::string::npos) << ended.text;
  EXPECT_NE(ended.text.find(std::to_string(PageRuns::kMost) + " pieces"), std::string::npos) << ended.text;
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
}

TEST_F(PagedGuest, WhoseTablesHaveNoEndIsEndedWithItsReason) {
  // Each of these pages, at each level, has pointers to many others.
  constexpr std::uint32_t kMany = 20000;
  for (std::uint32_t i = 1; i < 512; ++i) {
    tables_->entry(kRoot, i) = (kPages + i * kPageSize) | kPresent;
  }
  TinyGuest guest;
  guest.fill_with_pointers(kPages, kMany).print("filled").enable_paging(kRoot).print("not ended");
  run_paged(guest.spin());
  const control::Ended ended = wait_for_end();
  EXPECT_EQ(ended.reason, EndReason::kError);
  EXPECT_NE(ended.text.find(std::to_string(PageTableWalk::kMostTables) + " tables"), std::string::npos)
      << ended.text;
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
}

/// The mutant of a loader: what is measured lies in shared memory.
class MisloadedMemory final : public MachineMemory {
 public:
  explicit MisloadedMemory(std::unique_ptr<MachineMemory> memory)
      : memory_(std::move(memory)), loaded_(memory_->shared_memory().ranges()) {}
  [[nodiscard]] const PrivateMemory& private_memory() const override { return loaded_; }
  [[nodiscard]] const SharedMemory& shared_memory() const override { return memory_->shared_memory(); }
  void plug_into(MemoryMap& map) override { memory_->plug_into(map); }

 private:
  std::unique_ptr<MachineMemory> memory_;
  PrivateMemory loaded_;
};

class MisloadingPlatform final : public PlatformProxy {
 public:
  using PlatformProxy::PlatformProxy;
  std::unique_ptr<MachineMemory> make_memory(std::uint64_t size, std::uint64_t firmware) override {
    return std::make_unique<MisloadedMemory>(PlatformProxy::make_memory(size, firmware));
  }
};

TEST_F(PagedGuest, WhoseKernelWasLoadedIntoSharedMemoryStopsAtItsFirstInstruction) {
  const control::Start start = prepare(TinyGuest().print("it runs").spin());
  EventLoop loop;
  std::promise<GuestEnd> ended;
  Guest guest(
      start, loop, [&ended](GuestEnd end) { ended.set_value(std::move(end)); }, {},
      [](const control::Start& asked, const KvmHost& host) -> std::unique_ptr<Platform> {
        return std::make_unique<MisloadingPlatform>(make_platform(asked, host));
      });
  guest.resume();
  auto end = ended.get_future();
  ASSERT_EQ(end.wait_for(kLongEnough), std::future_status::ready);
  EXPECT_NE(end.get().text.find("triple fault"), std::string::npos);
}

}  // namespace
}  // namespace virtsev::vmm::test
