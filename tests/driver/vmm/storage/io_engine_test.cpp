// SPDX-License-Identifier: LGPL-2.1-or-later
// Both engines on a real file: what is written is read, on the loop's thread.
#include "driver/vmm/storage/io_engine.hpp"

#include <array>
#include <cerrno>
#include <list>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver/vmm/memory/pieces.hpp"
#include "driver/vmm/storage/thread_engine.hpp"
#include "driver/vmm/storage/uring_engine.hpp"

namespace virtsev::vmm::test {
namespace {

/// By io_uring, or by threads.
class IoEngineTest : public testing::TestWithParam<bool> {
 protected:
  IoEngineTest() {
    engine_ = make_io_engine(file_.get(), GetParam(), loop_, {});
    engine_->on_batch([this] { ++batches_; });
  }

  /// Begun, with its result, once it is there.
  struct Started {
    IoOperation operation;
    std::optional<std::int64_t> result;
  };
  Started& begin(IoOperation::Kind kind, std::span<const iovec> pieces, std::uint64_t offset) {
    Started& one = started_.emplace_back();
    one.operation.kind = kind;
    one.operation.pieces = pieces;
    one.operation.offset = offset;
    return begin(one);
  }
  Started& begin(Started& one) {
    one.operation.done = [this, &one](std::int64_t result) {
      EXPECT_FALSE(in_begin_);
      EXPECT_FALSE(one.result.has_value());
      one.result = result;
    };
    in_begin_ = true;
    engine_->begin(one.operation);
    in_begin_ = false;
    return one;
  }
  std::int64_t result_of(Started& one) {
    engine_->submit();
    while (!one.result) {
      loop_.run_once();
    }
    return *one.result;
  }

  UniqueFd file_{::memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  EventLoop loop_;
  std::list<Started> started_;
  bool in_begin_ = false;
  int batches_ = 0;
  std::unique_ptr<IoEngine> engine_;
};

TEST_P(IoEngineTest, ReadsWhatItWrote) {
  Bytes data(5000, 7);
  Bytes read(5000);
  const Pieces from{{data.data(), 3000}, {data.data() + 3000, 2000}};
  const Pieces to{{read.data(), 100}, {read.data() + 100, 4900}};
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kWrite, from, 512)), 5000);
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kRead, to, 512)), 5000);
  EXPECT_EQ(read, data);
  EXPECT_GE(batches_, 1);
}

TEST_P(IoEngineTest, WritesDurablySyncsAndAllocates) {
  Bytes data(4096, 7);
  const Pieces from{{data.data(), data.size()}};
  Started& write = started_.emplace_back();
  write.operation.kind = IoOperation::Kind::kWrite;
  write.operation.pieces = from;
  write.operation.durable = true;
  EXPECT_EQ(result_of(begin(write)), 4096);
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kSync, {}, 0)), 0);
  Started& hole = started_.emplace_back();
  hole.operation.kind = IoOperation::Kind::kAllocate;
  hole.operation.mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  hole.operation.length = 4096;
  EXPECT_EQ(result_of(begin(hole)), 0);
  const Pieces to{{data.data(), data.size()}};
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kRead, to, 0)), 4096);
  EXPECT_EQ(data, Bytes(4096));
}

TEST_P(IoEngineTest, TellsTheErrorOfTheKernel) {
  ASSERT_EQ(::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  Bytes data(512);
  const Pieces from{{data.data(), data.size()}};
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kWrite, from, 0)), -EPERM);
}

TEST_P(IoEngineTest, ReadsNothingPastTheEnd) {
  Bytes data(512);
  const Pieces to{{data.data(), data.size()}};
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kRead, to, 1 << 20)), 0);
}

TEST_P(IoEngineTest, EndsManyMoreThanTheKernelTakesAtOnce) {
  constexpr std::size_t kMany = 3 * UringEngine::kDepth + 5;
  Bytes data(kMany * 8);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<std::uint8_t>(i / 8);
  }
  std::list<Pieces> pieces;
  for (std::size_t i = 0; i < kMany; ++i) {
    pieces.push_back({{data.data() + i * 8, 8}});
    begin(IoOperation::Kind::kWrite, pieces.back(), i * 8);
  }
  for (Started& one : started_) {
    EXPECT_EQ(result_of(one), 8);
  }
  Bytes read(data.size());
  const Pieces to{{read.data(), read.size()}};
  EXPECT_EQ(result_of(begin(IoOperation::Kind::kRead, to, 0)), static_cast<std::int64_t>(read.size()));
  EXPECT_EQ(read, data);
}

TEST_P(IoEngineTest, MayGoWhileOperationsAreUnderWay) {
  Bytes data(1 << 20);
  const Pieces pieces{{data.data(), data.size()}};
  for (std::uint64_t i = 0; i < 200; ++i) {
    begin(IoOperation::Kind::kWrite, pieces, i << 12);
  }
  engine_->submit();
  engine_.reset();
  for (const Started& one : started_) {
    EXPECT_FALSE(one.result.has_value());
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, IoEngineTest, testing::Bool(),
                         [](const auto& one) { return one.param ? "Threads" : "Uring"; });

TEST(ThreadEngine, RunsTheSandboxOnEachThreadAndTellsIfItFails) {
  const UniqueFd file(::memfd_create("image", MFD_CLOEXEC));
  EventLoop loop;
  std::atomic<std::size_t> threads = 0;
  {
    const ThreadEngine engine(file.get(), loop, [&] { ++threads; });
  }
  EXPECT_EQ(threads, ThreadEngine::kThreads);
  EXPECT_THROW(ThreadEngine(file.get(), loop, [] { throw std::runtime_error("no sandbox"); }),
               std::runtime_error);
}

class UringEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      engine_.emplace(file_.get(), loop_);
    } catch (const std::system_error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  /// What the ring answers to an operation that somebody else put into it.
  int answer_to(const std::function<void(io_uring_sqe*)>& prepare) {
    io_uring& ring = engine_->ring();
    io_uring_sqe* const sqe = ::io_uring_get_sqe(&ring);
    prepare(sqe);
    ::io_uring_submit(&ring);
    io_uring_cqe* cqe = nullptr;
    EXPECT_EQ(::io_uring_wait_cqe(&ring, &cqe), 0);
    const int result = cqe->res;
    ::io_uring_cqe_seen(&ring, cqe);
    return result;
  }

  UniqueFd file_{::memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  EventLoop loop_;
  std::optional<UringEngine> engine_;
};

TEST_F(UringEngineTest, RefusesToOpenAndToConnect) {
  EXPECT_EQ(answer_to([](io_uring_sqe* sqe) { ::io_uring_prep_openat(sqe, AT_FDCWD, "/", O_RDONLY, 0); }),
            -EACCES);
  EXPECT_EQ(answer_to([](io_uring_sqe* sqe) { ::io_uring_prep_connect(sqe, 0, nullptr, 0); }), -EACCES);
  EXPECT_EQ(answer_to([](io_uring_sqe* sqe) { ::io_uring_prep_nop(sqe); }), -EACCES);
}

TEST_F(UringEngineTest, RefusesOtherFilesThanItsOwn) {
  iovec piece{};
  EXPECT_EQ(answer_to([&](io_uring_sqe* sqe) { ::io_uring_prep_readv(sqe, file_.get(), &piece, 1, 0); }),
            -EACCES);
  EXPECT_EQ(answer_to([&](io_uring_sqe* sqe) {
              ::io_uring_prep_readv(sqe, 1, &piece, 1, 0);
              ::io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
            }),
            -EBADF);
}

TEST_F(UringEngineTest, RefusesToRegisterAnythingMore) {
  const int fd = file_.get();
  EXPECT_EQ(::io_uring_unregister_files(&engine_->ring()), -EACCES);
  EXPECT_EQ(::io_uring_register_files(&engine_->ring(), &fd, 1), -EACCES);
  EXPECT_EQ(
      ::syscall(SYS_io_uring_register, engine_->ring().ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0), -1)
      << "it is enabled";
}

/// By io_uring, or by threads.
class SpareEngineTest : public testing::TestWithParam<bool> {
 protected:
  SpareEngineTest() {
    if (GetParam()) {
      spare_ = std::make_unique<ThreadEngine>(-1, loop_, ThreadSandbox());
    } else {
      spare_ = make_spare_engine(loop_, {});
    }
  }
  std::int64_t read(IoEngine& engine, std::span<const iovec> to) {
    std::optional<std::int64_t> result;
    IoOperation operation;
    operation.pieces = to;
    operation.done = [&](std::int64_t answer) { result = answer; };
    engine.begin(operation);
    engine.submit();
    while (!result) {
      loop_.run_once();
    }
    return *result;
  }
  static UniqueFd file_with(char content) {
    UniqueFd file(::memfd_create("image", MFD_CLOEXEC));
    EXPECT_EQ(::pwrite(file.get(), &content, 1, 0), 1);
    return file;
  }

  EventLoop loop_;
  std::unique_ptr<SpareEngine> spare_;
};

TEST_P(SpareEngineTest, ServesOneImageAfterAnotherAndNoneBetween) {
  char byte = 0;
  const iovec piece{&byte, 1};
  EXPECT_EQ(read(*spare_, {&piece, 1}), -EBADF);
  for (const char content : {'a', 'b', 'c'}) {
    const UniqueFd file = file_with(content);
    int batches = 0;
    {
      const std::unique_ptr<IoEngine> lent = lend_engine(*spare_, file.get());
      lent->on_batch([&] { ++batches; });
      EXPECT_EQ(read(*lent, {&piece, 1}), 1);
      EXPECT_EQ(byte, content);
    }
    EXPECT_EQ(batches, 1);
    EXPECT_EQ(read(*spare_, {&piece, 1}), -EBADF);
    EXPECT_EQ(batches, 1) << "of one that has gone";
  }
}

TEST_P(SpareEngineTest, ForgetsWhatWasBegunOnAnImageThatGoes) {
  const UniqueFd file = file_with('a');
  char byte = 0;
  const iovec piece{&byte, 1};
  IoOperation forgotten;
  forgotten.pieces = {&piece, 1};
  forgotten.done = [](std::int64_t) { ADD_FAILURE() << "told of an image that has gone"; };
  for (const bool submitted : {false, true}) {
    const std::unique_ptr<IoEngine> lent = lend_engine(*spare_, file.get());
    lent->begin(forgotten);
    if (submitted) {
      lent->submit();
    }
  }
  const std::unique_ptr<IoEngine> lent = lend_engine(*spare_, file.get());
  EXPECT_EQ(read(*lent, {&piece, 1}), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, SpareEngineTest, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Threads" : "Uring"; });

TEST_F(UringEngineTest, ASpareOneTakesAnotherFileAndRefusesTheRest) {
  UringEngine spare(-1, loop_);
  const int fd = file_.get();
  EXPECT_EQ(::io_uring_register_files_update(&spare.ring(), 0, &fd, 1), 1);
  EXPECT_EQ(::io_uring_unregister_files(&spare.ring()), -EACCES);
  EXPECT_EQ(::io_uring_register_files_update(&engine_->ring(), 0, &fd, 1), -EACCES) << "not a spare one";
}

}  // namespace
}  // namespace virtsev::vmm::test
