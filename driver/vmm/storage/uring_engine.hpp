// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk's reads and writes by io_uring(7), with a ring that can do nothing else.
#pragma once

#include <deque>

#include <liburing.h>

#include "driver/vmm/storage/io_engine.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// The ring is made disabled, gets its one file, its event and its restrictions (READV, WRITEV, FSYNC and
/// FALLOCATE, of the registered file only, and no register operation), and is enabled by the thread that
/// makes it: so the thread that submits needs io_uring_enter(2) and no other call. (That is why it is not
/// IORING_SETUP_SINGLE_ISSUER: the enabling thread would be the one issuer, and the submitting thread would
/// have to be given io_uring_register(2).) Operations that complete before the call returns do so here
/// without any thread of ours.
///
/// A spare one may be given another file in that one's place (IORING_REGISTER_FILES_UPDATE), and nothing
/// else.
class UringEngine final : public SpareEngine {
 public:
  /// So many operations are with the kernel at once; more wait here.
  static constexpr unsigned kDepth = 128;

  /// `fd` -1: a spare one. Throws std::system_error, with io_uring's errno.
  UringEngine(int fd, EventLoop& loop);
  ~UringEngine() override;
  UringEngine(const UringEngine&) = delete;
  UringEngine& operator=(const UringEngine&) = delete;

  void begin(IoOperation& operation) override;
  void submit() override;
  void on_batch(std::function<void()> batch) override { batch_ = std::move(batch); }
  void use(int fd) override;

  /// For a test of what the ring refuses.
  io_uring& ring() { return ring_; }

 private:
  void set_up(int fd);
  void listen();
  void wait_until_idle();
  void prepare(IoOperation& operation);
  void on_event();
  bool reap();

  EventLoop& loop_;
  io_uring ring_{};
  UniqueFd event_;
  std::function<void()> batch_;
  std::deque<IoOperation*> waiting_;
  unsigned in_flight_ = 0;  // Prepared, and not reaped
  EventLoop::Source source_;
};

}  // namespace virtsev::vmm
