// SPDX-License-Identifier: LGPL-2.1-or-later
// RAM and ROM of a memory map on real KVM.
#include "driver/vmm/memory/memory_map.hpp"
#include "tests/driver/vmm/flat_guest.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint32_t kMore = 0x100000;

class MappedGuest : public FlatGuest {
 protected:
  void add(MemoryMap::Kind kind) {
    map_.add_or_throw({"more", kind, GuestAddress(kMore), kPageSize, more_.data()});
  }
  /// mov al, [kMore]; out kPort, al
  void say_memory() {
    code({0xa0});
    word(kMore);
    code({0xe6, kPort});
  }

  HostMemory more_ = HostMemory::own(kPageSize);
  MemoryMap map_{[this](std::uint32_t slot, const MemoryMap::Range& range) {
    vm_->set_memory_slot(slot + 1, range.start, range.size, range.host, range.kind == MemoryMap::Kind::kRom);
  }};
};

TEST_F(MappedGuest, ReadsAndWritesRam) {
  add(MemoryMap::Kind::kRam);
  begin();
  write_memory(kMore, 7);
  say_memory();
  start();
  EXPECT_EQ(next(), 7);
  EXPECT_EQ(more_.data()[0], 7);
}

TEST_F(MappedGuest, ReadsRomAndLeavesForAWriteToIt) {
  add(MemoryMap::Kind::kRom);
  more_.data()[0] = 9;
  begin();
  write_memory(kMore, 7);
  say_memory();
  start();
  EXPECT_EQ(vcpu_->run(), 0);
  ASSERT_EQ(vcpu_->run_area().exit_reason, static_cast<std::uint32_t>(KVM_EXIT_MMIO));
  EXPECT_EQ(vcpu_->run_area().mmio.phys_addr, kMore);
  EXPECT_EQ(vcpu_->run_area().mmio.is_write, 1);
  EXPECT_EQ(next(), 9);
  EXPECT_EQ(more_.data()[0], 9);
}

TEST_F(MappedGuest, SeesOtherMemoryOnceItIsExchanged) {
  HostMemory other = HostMemory::own(kPageSize);
  other.data()[0] = 2;
  more_.data()[0] = 1;
  add(MemoryMap::Kind::kRam);
  begin();
  say_memory();
  say_memory();
  start();
  EXPECT_EQ(next(), 1);
  EXPECT_TRUE(map_.exchange("more", other.data()));
  EXPECT_EQ(next(), 2);
  EXPECT_TRUE(map_.remove("more"));
}

}  // namespace
}  // namespace virtsev::vmm::test
