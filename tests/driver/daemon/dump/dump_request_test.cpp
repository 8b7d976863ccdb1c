// SPDX-License-Identifier: LGPL-2.1-or-later
// Which dumps are made, and what of a monitor is believed.
#include "driver/daemon/dump/dump_request.hpp"

#include <optional>

#include <gtest/gtest.h>
#include <libvirt/libvirt.h>

#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::uint32_t kMemory = VIR_DUMP_MEMORY_ONLY;

std::optional<Error> refusal(std::uint32_t flags, std::uint32_t format = 0,
                             const std::string& file = "/tmp/core") {
  try {
    check_dump_request(file, format, flags);
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}
bool names(const std::optional<Error>& error, const char* word) {
  return error && std::string(error->what()).find(word) != std::string::npos;
}

TEST(DumpRequest, OfMemoryAloneIsTaken) {
  EXPECT_FALSE(refusal(kMemory));
  EXPECT_FALSE(refusal(kMemory | VIR_DUMP_LIVE));
  EXPECT_FALSE(refusal(kMemory | VIR_DUMP_CRASH));
}

TEST(DumpRequest, ForAnythingElseThanMemoryNamesTheOption) {
  EXPECT_EQ(ErrorCode::kNoSupport, refusal(0)->code());
  EXPECT_TRUE(names(refusal(VIR_DUMP_LIVE), "--memory-only"));
}

TEST(DumpRequest, ForWhatVirtsevDoesNotSaysWhy) {
  for (const std::uint32_t flag : {VIR_DUMP_RESET, VIR_DUMP_BYPASS_CACHE}) {
    EXPECT_EQ(ErrorCode::kNoSupport, refusal(kMemory | flag)->code());
  }
  EXPECT_TRUE(names(refusal(kMemory | VIR_DUMP_RESET), "--reset"));
  EXPECT_TRUE(names(refusal(kMemory | VIR_DUMP_BYPASS_CACHE), "--bypass-cache"));
}

TEST(DumpRequest, ThatContradictsItselfOrIsUnknownIsInvalid) {
  EXPECT_EQ(ErrorCode::kInvalidArgument, refusal(kMemory | VIR_DUMP_LIVE | VIR_DUMP_CRASH)->code());
  EXPECT_EQ(ErrorCode::kInvalidArgument, refusal(kMemory | 0x20)->code());
  EXPECT_TRUE(names(refusal(kMemory | 0x20), "0x20"));
}

TEST(DumpRequest, ForAnotherFormatNamesTheOne) {
  for (const std::uint32_t format : {1U, 4U, 99U}) {
    EXPECT_EQ(ErrorCode::kNoSupport, refusal(kMemory, format)->code());
    EXPECT_TRUE(names(refusal(kMemory, format), "--format=elf"));
  }
}

TEST(DumpRequest, ToARelativePathIsInvalid) {
  for (const char* file : {"", "core", "./core", "~/core"}) {
    EXPECT_EQ(ErrorCode::kInvalidArgument, refusal(kMemory, 0, file)->code()) << file;
  }
}

TEST(DumpRequest, MemoryIsCounted) {
  EXPECT_EQ(0xa0100U, check_memory_ranges({{0, 0x80000}, {0x100000, 0x20100}}, 1U << 20));
  EXPECT_EQ(0U, check_memory_ranges({}, 1U << 20));
  EXPECT_EQ(~std::uint64_t{0}, check_memory_ranges({{0, ~std::uint64_t{0}}}, 0)) << "of an unknown guest";
}

TEST(DumpRequest, MemoryThatNoGuestHasIsNotBelieved) {
  const std::uint64_t all = ~std::uint64_t{0};
  EXPECT_THROW(check_memory_ranges({{0, 0x2000}, {0x1000, 0x1000}}, 1U << 20), Error) << "overlapping";
  EXPECT_THROW(check_memory_ranges({{0x2000, 0x1000}, {0, 0x1000}}, 1U << 20), Error) << "not in order";
  EXPECT_THROW(check_memory_ranges({{0x1000, all}}, 0), Error) << "beyond the last address";
  EXPECT_THROW(check_memory_ranges({{0, std::uint64_t{1} << 40}}, 1U << 20), Error) << "too much";
}

}  // namespace
}  // namespace virtsev::daemon
