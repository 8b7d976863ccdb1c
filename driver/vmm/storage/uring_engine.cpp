// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/storage/uring_engine.hpp"

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace virtsev::vmm {
namespace {

constexpr int kRegisteredFile = 0;  // Its index

void check(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(-result, std::generic_category(), what);
  }
}

/// The library's functions for it are not in its shared object (liburing 2.3).
int register_at(const io_uring& ring, unsigned operation, void* argument, std::size_t count) {
  const long result = ::syscall(SYS_io_uring_register, ring.ring_fd, operation, argument, count);
  return result < 0 ? -errno : static_cast<int>(result);
}

io_uring_restriction allow_operation(std::uint8_t operation) {
  io_uring_restriction restriction{};
  restriction.opcode = IORING_RESTRICTION_SQE_OP;
  restriction.sqe_op = operation;
  return restriction;
}

io_uring_restriction flags(std::uint16_t kind, std::uint8_t these) {
  io_uring_restriction restriction{};
  restriction.opcode = kind;
  restriction.sqe_flags = these;
  return restriction;
}

io_uring_restriction allow_registering(std::uint8_t operation) {
  io_uring_restriction restriction{};
  restriction.opcode = IORING_RESTRICTION_REGISTER_OP;
  restriction.register_op = operation;
  return restriction;
}

/// What is not named is refused (io_uring_register(2)).
std::vector<io_uring_restriction> restrictions(bool spare) {
  std::vector<io_uring_restriction> all = {allow_operation(IORING_OP_READV),
                                           allow_operation(IORING_OP_WRITEV),
                                           allow_operation(IORING_OP_FSYNC),
                                           allow_operation(IORING_OP_FALLOCATE),
                                           flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_FIXED_FILE),
                                           flags(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_FIXED_FILE)};
  if (spare) {
    all.push_back(allow_registering(IORING_REGISTER_FILES_UPDATE));
  }
  return all;
}

}  // namespace

UringEngine::UringEngine(int fd, EventLoop& loop) : loop_(loop), event_(::eventfd(0, EFD_CLOEXEC)) {
  if (!event_) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  // With cooperative completion, the kernel does not interrupt a thread that runs to tell it: it looks when
  // it waits. Linux 5.19 has it.
  int result = ::io_uring_queue_init(kDepth, &ring_, IORING_SETUP_R_DISABLED | IORING_SETUP_COOP_TASKRUN);
  if (result == -EINVAL) {
    result = ::io_uring_queue_init(kDepth, &ring_, IORING_SETUP_R_DISABLED);
  }
  check(result, "io_uring_setup");
  try {
    set_up(fd);
    listen();
  } catch (...) {
    ::io_uring_queue_exit(&ring_);
    throw;
  }
}

void UringEngine::set_up(int fd) {
  check(::io_uring_register_files(&ring_, &fd, 1), "io_uring_register_files");
  check(::io_uring_register_eventfd(&ring_, event_.get()), "io_uring_register_eventfd");
  std::vector<io_uring_restriction> allowed = restrictions(fd < 0);
  check(register_at(ring_, IORING_REGISTER_RESTRICTIONS, allowed.data(), allowed.size()),
        "IORING_REGISTER_RESTRICTIONS");
  check(register_at(ring_, IORING_REGISTER_ENABLE_RINGS, nullptr, 0), "IORING_REGISTER_ENABLE_RINGS");
}

void UringEngine::listen() {
  source_ = loop_.watch(event_.get(), EPOLLIN, [this](std::uint32_t) { on_event(); });
}

UringEngine::~UringEngine() {
  wait_until_idle();
  ::io_uring_queue_exit(&ring_);
}

void UringEngine::use(int fd) {
  wait_until_idle();
  io_uring_files_update update{};
  update.fds = reinterpret_cast<std::uintptr_t>(&fd);
  check(register_at(ring_, IORING_REGISTER_FILES_UPDATE, &update, 1), "IORING_REGISTER_FILES_UPDATE");
  listen();
}

/// Nobody hears of what ends meanwhile.
void UringEngine::wait_until_idle() {
  source_ = {};
  waiting_.clear();
  // What was prepared and never submitted is not in flight: the kernel reads the tail when it is entered, and
  // does not know of it.
  in_flight_ -= ::io_uring_sq_ready(&ring_);
  ring_.sq.sqe_tail = ring_.sq.sqe_head = *ring_.sq.ktail = *ring_.sq.khead;
  while (in_flight_ > 0) {
    io_uring_cqe* cqe = nullptr;
    if (::io_uring_peek_cqe(&ring_, &cqe) == 0) {
      ::io_uring_cqe_seen(&ring_, cqe);
      --in_flight_;
      continue;
    }
    eventfd_t count = 0;
    (void)::eventfd_read(event_.get(), &count);  // Waits: the event is a blocking one
  }
}

void UringEngine::begin(IoOperation& operation) {
  if (in_flight_ == kDepth) {
    waiting_.push_back(&operation);
    return;
  }
  prepare(operation);
}

void UringEngine::prepare(IoOperation& operation) {
  // Never null: no more than kDepth are prepared and not reaped.
  io_uring_sqe* const sqe = ::io_uring_get_sqe(&ring_);
  const auto pieces = static_cast<unsigned>(operation.pieces.size());
  switch (operation.kind) {
    case IoOperation::Kind::kRead:
      ::io_uring_prep_readv(sqe, kRegisteredFile, operation.pieces.data(), pieces, operation.offset);
      break;
    case IoOperation::Kind::kWrite:
      ::io_uring_prep_writev2(sqe, kRegisteredFile, operation.pieces.data(), pieces, operation.offset,
                              operation.durable ? RWF_DSYNC : 0);
      break;
    case IoOperation::Kind::kSync:
      ::io_uring_prep_fsync(sqe, kRegisteredFile, IORING_FSYNC_DATASYNC);
      break;
    case IoOperation::Kind::kAllocate:
      ::io_uring_prep_fallocate(sqe, kRegisteredFile, operation.mode, static_cast<off_t>(operation.offset),
                                static_cast<off_t>(operation.length));
      break;
  }
  ::io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
  ::io_uring_sqe_set_data(sqe, &operation);
  ++in_flight_;
}

void UringEngine::submit() {
  while (::io_uring_sq_ready(&ring_) > 0) {
    const int result = ::io_uring_submit(&ring_);
    if (result == -EAGAIN || result == -EBUSY) {
      (void)::eventfd_write(event_.get(),
                            1);  // The kernel is short of memory: again, after what else there is
      return;
    }
    if (result != -EINTR) {
      check(result, "io_uring_enter");
    }
  }
}

void UringEngine::on_event() {
  eventfd_t count = 0;
  (void)::eventfd_read(event_.get(),
                       &count);  // Does not wait: the loop saw it readable, and nobody else reads
  const bool any = reap();
  while (!waiting_.empty() && in_flight_ < kDepth) {
    prepare(*waiting_.front());
    waiting_.pop_front();
  }
  submit();
  if (any && batch_) {
    batch_();
    submit();
  }
}

bool UringEngine::reap() {
  bool any = false;
  io_uring_cqe* cqe = nullptr;
  // At most what the ring holds: completions that follow signal the event again.
  for (unsigned left = 2 * kDepth; left > 0 && ::io_uring_peek_cqe(&ring_, &cqe) == 0; --left) {
    auto* const operation = static_cast<IoOperation*>(::io_uring_cqe_get_data(cqe));
    const std::int64_t result = cqe->res;
    ::io_uring_cqe_seen(&ring_, cqe);
    --in_flight_;
    any = true;
    operation->done(result);
  }
  return any;
}

}  // namespace virtsev::vmm
