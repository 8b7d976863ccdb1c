// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk's bytes, as its device sees them: whole requests at any offset, whatever the image asks of those who
// read and write it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "driver/spec/machine.hpp"
#include "driver/vmm/memory/pieces.hpp"
#include "driver/vmm/storage/image_facts.hpp"
#include "driver/vmm/storage/io_engine.hpp"

namespace virtsev::vmm {

/// The thread of the engine's loop calls all of it. Requests run beside each other, in no order; each ends
/// once, with 0 or an errno.
///
/// Short transfers go on where they stopped. Of an image with O_DIRECT, a request whose memory or place is
/// not as the image wants it goes through a buffer, piece by piece; a write that covers blocks in part reads
/// them first, and runs alone meanwhile. There are kBuffers buffers: who finds none waits, and who comes
/// later waits behind.
class Storage {
 public:
  static constexpr std::size_t kBuffers = 2;
  static constexpr std::size_t kBufferBytes = 128U << 10;
  /// How often an operation is begun again that the kernel had no memory for, with nothing done.
  static constexpr unsigned kMostRetries = 1000;

  /// An errno, or 0. May be called before the call that asked has returned.
  using Done = std::function<void(int error)>;

  Storage(const ImageFacts& facts, spec::Disk::Flush flush, std::unique_ptr<IoEngine> engine);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// At most IOV_MAX pieces, of memory that stays; within the image's size.
  void read(Pieces to, std::uint64_t offset, Done done);
  /// `durable`: it is on the medium when it is done, which Flush::kAlways says of each, and Flush::kNever of
  /// none.
  void write(Pieces from, std::uint64_t offset, bool durable, Done done);
  /// What was done before is on the medium when it is done.
  void flush(Done done);
  /// Gives the bytes back, where the image can; what is read there afterwards may be anything.
  void discard(std::uint64_t offset, std::uint64_t length, Done done);
  /// `unmap`: the bytes may be given back, if they read as zeros then.
  void write_zeroes(std::uint64_t offset, std::uint64_t length, bool unmap, bool durable, Done done);

  /// What was asked goes to the kernel.
  void submit() { engine_->submit(); }
  /// `drained` is called once all that was asked has ended: from within, if it has.
  void drain(std::function<void()> drained);

  [[nodiscard]] const ImageFacts& facts() const { return facts_; }

 private:
  enum class Kind { kTransfer, kFlush, kDiscard, kZeroes };
  enum class Needs { kNothing, kBuffer, kBufferAlone };
  struct Request;

  void ask(std::unique_ptr<Request> request);
  void begin_waiting();
  bool may_begin(const Request& request) const;
  void begin(Request& request);
  void end(Request& request, int error);

  Needs needs_of(const Request& request) const;
  void operate(Request& request, void (Storage::*next)(Request&, int));
  void on_result(Request& request, std::int64_t result);
  void transfer(Request& request, IoOperation::Kind kind, Pieces pieces, std::uint64_t offset,
                void (Storage::*next)(Request&, int));
  void next_part(Request& request);
  void on_part_read(Request& request, int error);
  void on_part_read_for_write(Request& request, int error);
  void on_part_written(Request& request, int error);
  void write_part(Request& request);
  void on_allocated(Request& request, int error);
  void next_zeroes(Request& request);
  void on_zeroes(Request& request, int error);
  void finish(Request& request, int error);

  ImageFacts facts_;
  spec::Disk::Flush flush_;
  std::list<std::unique_ptr<Request>> running_;
  std::deque<std::unique_ptr<Request>> waiting_;
  bool alone_ = false;          // The one that runs wants no other
  bool beginning_ = false;      // begin_waiting() is under way
  std::vector<Bytes> buffers_;  // Those that nobody uses
  std::size_t buffers_made_ = 0;
  std::function<void()> drained_;
  std::unique_ptr<IoEngine> engine_;  // Last: goes first, and waits
};

}  // namespace virtsev::vmm
