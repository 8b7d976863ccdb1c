// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole requests from operations that end short, fail, or want other memory than the guest's.
#include "driver/vmm/storage/storage.hpp"

#include <cerrno>
#include <optional>

#include <gtest/gtest.h>
#include <linux/falloc.h>

#include "tests/driver/vmm/storage/fake_engine.hpp"

namespace virtsev::vmm::test {
namespace {

using Kind = IoOperation::Kind;
using Flush = spec::Disk::Flush;

class StorageTest : public testing::Test {
 protected:
  Storage& make(Flush flush = Flush::kAsked, std::uint32_t unit = 0) {
    ImageFacts facts;
    facts.size = 1 << 20;
    facts.direct = unit != 0;
    facts.memory_alignment = facts.transfer_alignment = std::max(unit, 1U);
    storage_.emplace(facts, flush, std::make_unique<FakeEngine>(seen_));
    return *storage_;
  }
  /// What ends a request; its error, or -1 before.
  Storage::Done into(int& error) {
    error = -1;
    return [&error](int told) {
      EXPECT_EQ(error, -1) << "ended twice";
      error = told;
    };
  }
  [[nodiscard]] Pieces at(std::size_t offset, std::size_t size) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    return {{memory_.data() + (round_up(address, kPageSize) - address) + offset, size}};
  }
  /// Bytes that the oldest operation reads or writes.
  [[nodiscard]] MutableBytes first_piece() const {
    const iovec& piece = seen_.begun.front()->pieces.front();
    return {static_cast<std::uint8_t*>(piece.iov_base), piece.iov_len};
  }

  FakeEngine::Seen seen_;
  Bytes memory_ = Bytes(1 << 20);
  std::optional<Storage> storage_;
  int error_ = -1;
  int other_ = -1;
};

TEST_F(StorageTest, GoesOnWhereATransferStopped) {
  Pieces pieces = at(0, 1000);
  pieces.push_back(at(4096, 1000)[0]);
  make().write(pieces, 512, false, into(error_));
  seen_.end_first(300);
  ASSERT_EQ(seen_.begun.size(), 1U);
  EXPECT_EQ(seen_.begun.front()->offset, 812U);
  EXPECT_EQ(size_of(seen_.begun.front()->pieces), 1700U);
  seen_.end_first(700);
  EXPECT_EQ(seen_.begun.front()->pieces.size(), 1U);
  EXPECT_EQ(error_, -1);
  seen_.end_first();
  EXPECT_EQ(error_, 0);
}

TEST_F(StorageTest, BeginsAgainWhatWasInterruptedButNotForEver) {
  make().read(at(0, 512), 0, into(error_));
  seen_.end_first(-EINTR);
  for (unsigned i = 1; i < Storage::kMostRetries; ++i) {
    seen_.end_first(-EAGAIN);
  }
  EXPECT_EQ(error_, -1);
  seen_.end_first(-EAGAIN);
  EXPECT_EQ(error_, EAGAIN);
}

TEST_F(StorageTest, AnImageThatHasBecomeShorterIsAnError) {
  make().read(at(0, 1024), 0, into(error_));
  seen_.end_first(512);
  seen_.end_first(0);
  EXPECT_EQ(error_, EIO);
}

TEST_F(StorageTest, PassesTheKernelsErrorOn) {
  make().write(at(0, 512), 0, false, into(error_));
  seen_.end_first(-ENOSPC);
  EXPECT_EQ(error_, ENOSPC);
}

TEST_F(StorageTest, WritesAsFlushSays) {
  make(Flush::kAsked).write(at(0, 512), 0, false, into(error_));
  EXPECT_FALSE(seen_.begun.front()->durable);
  seen_.end_all();
  storage_->write(at(0, 512), 0, true, into(error_));
  EXPECT_TRUE(seen_.begun.front()->durable);
  seen_.end_all();
  make(Flush::kAlways).write(at(0, 512), 0, false, into(error_));
  EXPECT_TRUE(seen_.begun.front()->durable);
  seen_.end_all();
  make(Flush::kNever).write(at(0, 512), 0, true, into(error_));
  EXPECT_FALSE(seen_.begun.front()->durable);
  seen_.end_all();
}

TEST_F(StorageTest, FlushesUnlessItIsNeverTo) {
  make(Flush::kAsked).flush(into(error_));
  EXPECT_EQ(seen_.begun.front()->kind, Kind::kSync);
  EXPECT_EQ(error_, -1);
  seen_.end_first(-EIO);
  EXPECT_EQ(error_, EIO);
  make(Flush::kNever).flush(into(error_));
  EXPECT_TRUE(seen_.begun.empty());
  EXPECT_EQ(error_, 0);
}

TEST_F(StorageTest, DiscardsByPunchingAHoleAndMindsNoRefusal) {
  make().discard(4096, 8192, into(error_));
  EXPECT_EQ(seen_.begun.front()->mode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
  EXPECT_EQ(seen_.begun.front()->length, 8192U);
  seen_.end_first(-EOPNOTSUPP);
  EXPECT_EQ(error_, 0);
  storage_->discard(0, 512, into(error_));
  seen_.end_first(-EIO);
  EXPECT_EQ(error_, EIO);
}

TEST_F(StorageTest, WritesZerosWhereTheImageMakesNone) {
  constexpr std::uint64_t kLength = (5U << 20) + 512;
  make().write_zeroes(512, kLength, false, false, into(error_));
  EXPECT_EQ(seen_.begun.front()->mode, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE);
  seen_.end_first(-EOPNOTSUPP);
  std::uint64_t written = 0;
  while (!seen_.begun.empty()) {
    EXPECT_EQ(seen_.begun.front()->kind, Kind::kWrite);
    EXPECT_EQ(seen_.begun.front()->offset, 512 + written);
    EXPECT_EQ(first_piece()[0], 0);
    written += size_of(seen_.begun.front()->pieces);
    seen_.end_first();
  }
  EXPECT_EQ(written, kLength);
  EXPECT_EQ(error_, 0);
}

TEST_F(StorageTest, ZerosThatAreToBeDurableAreFlushed) {
  make(Flush::kAlways).write_zeroes(0, 4096, true, false, into(error_));
  EXPECT_EQ(seen_.begun.front()->mode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
  seen_.end_first();
  EXPECT_EQ(error_, -1);
  EXPECT_EQ(seen_.begun.front()->kind, Kind::kSync);
  seen_.end_first();
  EXPECT_EQ(error_, 0);
}

TEST_F(StorageTest, WithoutTheCacheReadsThroughABufferWhatIsNotAligned) {
  make(Flush::kAsked, 512).read(at(100, 1024), 512, into(error_));
  EXPECT_EQ(first_piece().size(), 1024U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first_piece().data()) % 512, 0U);
  std::fill(first_piece().begin(), first_piece().end(), 9);
  seen_.end_first();
  EXPECT_EQ(error_, 0);
  const Pieces pieces = at(100, 1024);
  EXPECT_EQ(static_cast<std::uint8_t*>(pieces[0].iov_base)[0], 9);
  EXPECT_EQ(static_cast<std::uint8_t*>(pieces[0].iov_base)[1023], 9);
  EXPECT_EQ(static_cast<std::uint8_t*>(pieces[0].iov_base)[1024], 0);
}

TEST_F(StorageTest, WithoutTheCacheUsesTheGuestsOwnMemoryIfItCan) {
  make(Flush::kAsked, 512).read(at(512, 1024), 512, into(error_));
  EXPECT_EQ(first_piece().data(), at(512, 1024)[0].iov_base);
}

TEST_F(StorageTest, WithoutTheCacheWritesPartOfABlockAfterReadingItAndAlone) {
  Storage& storage = make(Flush::kAsked, 4096);
  storage.read(at(8192, 4096), 0, into(other_));
  Pieces one_sector = at(0, 512);
  std::fill_n(static_cast<std::uint8_t*>(one_sector[0].iov_base), 512, 5);
  storage.write(one_sector, 4096 + 1024, false, into(error_));
  int later = -1;
  storage.read(at(8192, 4096), 8192, into(later));
  EXPECT_EQ(seen_.begun.size(), 1U) << "it waits for the one that runs, and others for it";
  seen_.end_first();
  ASSERT_EQ(seen_.begun.size(), 1U);
  EXPECT_EQ(seen_.begun.front()->kind, Kind::kRead);
  EXPECT_EQ(seen_.begun.front()->offset, 4096U);
  EXPECT_EQ(first_piece().size(), 4096U);
  std::fill(first_piece().begin(), first_piece().end(), 1);
  seen_.end_first();
  ASSERT_EQ(seen_.begun.size(), 1U);
  EXPECT_EQ(seen_.begun.front()->kind, Kind::kWrite);
  EXPECT_EQ(seen_.begun.front()->offset, 4096U);
  EXPECT_EQ(first_piece()[1023], 1);
  EXPECT_EQ(first_piece()[1024], 5);
  EXPECT_EQ(first_piece()[1535], 5);
  EXPECT_EQ(first_piece()[1536], 1);
  seen_.end_first();
  EXPECT_EQ(error_, 0);
  seen_.end_first();
  EXPECT_EQ(later, 0);
}

TEST_F(StorageTest, WithoutTheCacheLargeRequestsTakeTheBufferPieceByPiece) {
  constexpr std::uint64_t kSize = 3 * Storage::kBufferBytes + 512;
  for (std::size_t i = 0; i < kSize; ++i) {
    static_cast<std::uint8_t*>(at(1, kSize)[0].iov_base)[i] = static_cast<std::uint8_t>(i / 512 * 3);
  }
  make(Flush::kAsked, 512).write(at(1, kSize), 0, false, into(error_));
  std::uint64_t written = 0;
  while (!seen_.begun.empty()) {
    const MutableBytes part = first_piece();
    EXPECT_LE(part.size(), Storage::kBufferBytes);
    EXPECT_EQ(seen_.begun.front()->offset, written);
    for (std::size_t i = 0; i < part.size(); i += 512) {
      EXPECT_EQ(part[i], static_cast<std::uint8_t>((written + i) / 512 * 3));
    }
    written += part.size();
    seen_.end_first();
  }
  EXPECT_EQ(written, kSize);
  EXPECT_EQ(error_, 0);
}

TEST_F(StorageTest, WithoutTheCacheWhoFindsNoBufferWaits) {
  Storage& storage = make(Flush::kAsked, 512);
  std::vector<int> errors(5, -1);
  for (int& error : errors) {
    storage.read(at(1, 512), 0, into(error));
  }
  EXPECT_EQ(seen_.begun.size(), Storage::kBuffers);
  seen_.end_first();
  EXPECT_EQ(seen_.begun.size(), Storage::kBuffers);
  seen_.end_all();
  EXPECT_EQ(errors, std::vector<int>(5, 0));
}

TEST_F(StorageTest, IsDrainedWhenAllHasEnded) {
  Storage& storage = make();
  int drained = 0;
  storage.drain([&] { ++drained; });
  EXPECT_EQ(drained, 1);
  storage.read(at(0, 512), 0, into(error_));
  storage.flush(into(other_));
  storage.drain([&] { ++drained; });
  seen_.end_first();
  EXPECT_EQ(drained, 1);
  seen_.end_first();
  EXPECT_EQ(drained, 2);
}

}  // namespace
}  // namespace virtsev::vmm::test
