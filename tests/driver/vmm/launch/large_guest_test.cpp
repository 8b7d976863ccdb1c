// SPDX-License-Identifier: LGPL-2.1-or-later
// How much one call to the kernel goes over, and what is told meanwhile: recorded calls of a guest with 1
// TiB.
#include <algorithm>
#include <cerrno>
#include <new>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "driver/vmm/launch/launch.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/kernel/pinned_memory.hpp"
#include "tests/driver/vmm/launch/fake_sev_vm.hpp"

namespace virtsev::vmm::test {
namespace {

using sevcore::GuestCommand;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;

/// Addresses for all of it, and memory for the first 16 MiB.
class LargeMemory final : public MachineMemory {
 public:
  explicit LargeMemory(std::uint64_t size) : size_(size) {
    start_ = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start_ == MAP_FAILED || ::mprotect(start_, 16 * kMiB, PROT_READ | PROT_WRITE) != 0) {
      throw std::bad_alloc();
    }
    private_ = PrivateMemory(lay_out(size, static_cast<std::uint8_t*>(start_)));
    shared_ = SharedMemory(lay_out(size, static_cast<std::uint8_t*>(start_)));
  }
  ~LargeMemory() override { ::munmap(start_, size_); }
  [[nodiscard]] const PrivateMemory& private_memory() const override { return private_; }
  [[nodiscard]] const SharedMemory& shared_memory() const override { return shared_; }
  void plug_into(MemoryMap&) override {}

 private:
  std::uint64_t size_;
  void* start_ = nullptr;
  PrivateMemory private_;
  SharedMemory shared_;
};

sevcore::Region region(std::uint64_t address, std::uint64_t size) {
  sevcore::Region out;
  out.address = GuestAddress(address);
  out.size = size;
  out.type = sevcore::PageType::kNormal;
  out.name = "part";
  out.content = Bytes(size, 7);
  return out;
}

class LargeGuest : public testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 1024 * kGiB;
  LargeMemory memory_{kSize};
  FakeSevVm vm_;
  Launch launch_{vm_, memory_};
};

TEST_F(LargeGuest, IsRegisteredInPiecesThatTheKernelIsSoonDoneWith) {
  launch_.register_memory();
  ASSERT_EQ(vm_.registered.size(), 1024U);
  std::uint64_t bytes = 0;
  for (const auto& [address, size] : vm_.registered) {
    EXPECT_LE(size, kGiB);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(address) % kPageSize, 0U);
    bytes += size;
  }
  EXPECT_EQ(bytes, kSize);
  const auto* first = static_cast<std::uint8_t*>(vm_.registered[0].first);
  EXPECT_EQ(static_cast<std::uint8_t*>(vm_.registered[1].first) - first, static_cast<std::ptrdiff_t>(kGiB));
}

TEST_F(LargeGuest, StopsAtThePieceThatCanNotBeRegistered) {
  vm_.registration = {ENOMEM, sevcore::kNoFirmwareCall};
  EXPECT_THROW(launch_.register_memory(), Error);
  EXPECT_EQ(vm_.registered.size(), 1U);
}

TEST_F(LargeGuest, TellsHowFarItIsAfterEachPiece) {
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::Sev{};
  plan.regions = {region(kMiB, 3 * kMiB), region(8 * kMiB, kPageSize)};
  std::vector<std::uint64_t> told;
  launch_.report_progress(plan, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, kSize + 3 * kMiB + kPageSize);
    told.push_back(done);
  });
  launch_.register_memory();
  EXPECT_EQ(told.size(), 1024U);
  EXPECT_EQ(told.back(), kSize);
  launch_.load_and_measure(plan);
  EXPECT_EQ(told.size(), 1024U + vm_.updated.size());
  EXPECT_EQ(told.back(), kSize + 3 * kMiB + kPageSize);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
}

TEST_F(LargeGuest, IsEncryptedInPiecesWhosePinsFitBesideItsOwnMemory) {
  constexpr std::uint64_t kStart = kMiB + 3 * kPageSize;
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::Sev{};
  plan.regions = {region(kStart, 9 * kMiB)};
  launch_.load_and_measure(plan);
  std::uint64_t next =
      reinterpret_cast<std::uintptr_t>(memory_.private_memory().host_address(GuestAddress(kStart), 9 * kMiB));
  const std::uint64_t end = next + 9 * kMiB;
  for (const sevcore::LaunchUpdateDataArguments& piece : vm_.updated) {
    EXPECT_EQ(piece.address, next);
    const std::uint64_t pages =
        (piece.address + piece.length - 1) / kPageSize - piece.address / kPageSize + 1;
    EXPECT_LE(pages * kPageSize, sevcore::kPinnedPiece);
    next += piece.length;
  }
  EXPECT_EQ(next, end);
  EXPECT_EQ(vm_.updated.size(), 6U);
}

TEST_F(LargeGuest, AMemoryLockLimitThatIsTooLowForACommandIsNamed) {
  vm_.failing = GuestCommand::kLaunchUpdateData;
  vm_.failure = {ENOMEM, sevcore::kNoFirmwareCall};
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::Sev{};
  plan.regions = {region(kMiB, kPageSize)};
  try {
    launch_.load_and_measure(plan);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("RLIMIT_MEMLOCK"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
