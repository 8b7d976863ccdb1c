// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that becomes a guest's: zeros, in huge pages or to be shared, and places for it.
#include "driver/vmm/memory/host_memory.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/driver/vmm/memory/readable.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

/// The flags of the mapping that begins at `start` (proc(5), smaps).
std::string flags_of_mapping(const void* start) {
  std::ostringstream beginning;
  beginning << std::hex << reinterpret_cast<std::uintptr_t>(start) << '-';
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    found = found || line.starts_with(beginning.str());
    if (found && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return {};
}

TEST(HostMemory, OwnMemoryIsZerosAndAskedForInHugePages) {
  const std::uint64_t size = 6 * kMiB + 4096;
  const HostMemory memory = HostMemory::own(size);
  ASSERT_EQ(memory.size(), size);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % HostMemory::kHugePage, 0U);
  EXPECT_EQ(memory.data()[0], 0);
  EXPECT_EQ(memory.data()[size - 1], 0);
  EXPECT_NE(flags_of_mapping(memory.data()).find(" hg "), std::string::npos);
  EXPECT_EQ(memory.descriptor(), -1);
}

TEST(HostMemory, MuchOwnMemoryCostsLittleUntilItIsTouched) {
  const HostMemory memory = HostMemory::own(64ULL << 30);
  EXPECT_EQ(memory.data()[63ULL << 30], 0);
}

TEST(HostMemory, ShareableMemoryIsZeros) {
  const HostMemory memory = HostMemory::shareable("test", kMiB);
  EXPECT_EQ(memory.data()[0], 0);
  EXPECT_EQ(memory.data()[kMiB - 1], 0);
}

TEST(HostMemory, ShareableMemoryCantShrinkUnderUs) {
  const HostMemory memory = HostMemory::shareable("test", kMiB);
  EXPECT_NE(::ftruncate(memory.descriptor(), 0), 0);
  EXPECT_EQ(errno, EPERM);
}

TEST(HostMemory, AReservedPlaceTakesOtherMappingsAndIsNoMemoryItself) {
  const HostMemory place = HostMemory::reserved(64ULL << 30);
  std::uint8_t* const page = place.data() + (63ULL << 30);
  std::array<unsigned char, 1> resident{};
  EXPECT_EQ(::mincore(page, 4096, resident.data()), 0) << "it is mapped";
  EXPECT_FALSE(is_readable(page));
  ASSERT_EQ(::mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
  *page = 1;
  EXPECT_EQ(*page, 1);
}

}  // namespace
}  // namespace virtsev::vmm::test
