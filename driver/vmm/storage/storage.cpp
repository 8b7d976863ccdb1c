// SPDX-License-Identifier: LGPL-2.1-or-later
// One request goes through: waiting -> begin -> operations, each of which may take several calls -> finish.
#include "driver/vmm/storage/storage.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/falloc.h>

namespace virtsev::vmm {
namespace {

/// What is written where the image can't make zeros itself.
constexpr std::size_t kZeroBytes = 64U << 10;
constexpr std::size_t kZeroPieces = 64;

iovec zeros() {
  alignas(kPageSize) static std::array<std::uint8_t, kZeroBytes> bytes{};  // Never written: no memory of ours
  return {bytes.data(), bytes.size()};
}

bool is_multiple(std::uint64_t value, std::uint64_t unit) { return (value & (unit - 1)) == 0; }

std::uint64_t round_down(std::uint64_t value, std::uint64_t unit) { return value & ~(unit - 1); }

/// The first address in a buffer that an image with O_DIRECT takes.
std::uint8_t* aligned(Bytes& buffer) {
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
  return buffer.data() + (round_up(address, kPageSize) - address);
}

}  // namespace

struct Storage::Request {
  Kind kind = Kind::kTransfer;
  bool is_read = false;
  bool durable = false;
  bool unmap = false;
  Pieces pieces;  ///< The guest's
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  Done done;

  Needs needs = Needs::kNothing;
  Bytes buffer;
  std::uint64_t at = 0;    ///< So far it has come, from `offset` on
  std::uint64_t size = 0;  ///< Of the part that is under way

  IoOperation operation;
  Pieces left;  ///< Of the operation
  unsigned retries = 0;
  void (Storage::*next)(Request&, int) = nullptr;  ///< After the operation
  std::list<std::unique_ptr<Request>>::iterator self;
};

Storage::Storage(const ImageFacts& facts, spec::Disk::Flush flush, std::unique_ptr<IoEngine> engine)
    : facts_(facts), flush_(flush), engine_(std::move(engine)) {}

Storage::~Storage() = default;

void Storage::read(Pieces to, std::uint64_t offset, Done done) {
  auto request = std::make_unique<Request>();
  request->is_read = true;
  request->length = size_of(to);
  request->pieces = std::move(to);
  request->offset = offset;
  request->done = std::move(done);
  ask(std::move(request));
}

void Storage::write(Pieces from, std::uint64_t offset, bool durable, Done done) {
  auto request = std::make_unique<Request>();
  request->length = size_of(from);
  request->pieces = std::move(from);
  request->offset = offset;
  request->durable = durable;
  request->done = std::move(done);
  ask(std::move(request));
}

void Storage::flush(Done done) {
  auto request = std::make_unique<Request>();
  request->kind = Kind::kFlush;
  request->done = std::move(done);
  ask(std::move(request));
}

void Storage::discard(std::uint64_t offset, std::uint64_t length, Done done) {
  auto request = std::make_unique<Request>();
  request->kind = Kind::kDiscard;
  request->offset = offset;
  request->length = length;
  request->done = std::move(done);
  ask(std::move(request));
}

void Storage::write_zeroes(std::uint64_t offset, std::uint64_t length, bool unmap, bool durable, Done done) {
  auto request = std::make_unique<Request>();
  request->kind = Kind::kZeroes;
  request->offset = offset;
  request->length = length;
  request->unmap = unmap;
  request->durable = durable;
  request->done = std::move(done);
  ask(std::move(request));
}

void Storage::drain(std::function<void()> drained) {
  if (running_.empty() && waiting_.empty()) {
    drained();
    return;
  }
  drained_ = std::move(drained);
}

// Waiting and ending.

Storage::Needs Storage::needs_of(const Request& request) const {
  if (!facts_.direct || request.kind != Kind::kTransfer) {
    return Needs::kNothing;
  }
  const std::uint64_t unit = facts_.transfer_alignment;
  const bool whole = is_multiple(request.offset, unit) && is_multiple(request.length, unit);
  const bool fits = std::all_of(request.pieces.begin(), request.pieces.end(), [&](const iovec& piece) {
    return is_multiple(reinterpret_cast<std::uintptr_t>(piece.iov_base), facts_.memory_alignment) &&
           is_multiple(piece.iov_len, unit);
  });
  if (whole && fits) {
    return Needs::kNothing;
  }
  return whole || request.is_read ? Needs::kBuffer : Needs::kBufferAlone;
}

void Storage::ask(std::unique_ptr<Request> request) {
  request->durable =
      (request->durable || flush_ == spec::Disk::Flush::kAlways) && flush_ != spec::Disk::Flush::kNever;
  request->needs = needs_of(*request);
  request->operation.done = [this, asked = request.get()](std::int64_t result) { on_result(*asked, result); };
  waiting_.push_back(std::move(request));
  begin_waiting();
}

bool Storage::may_begin(const Request& request) const {
  const bool has_buffer = !buffers_.empty() || buffers_made_ < kBuffers;
  return !alone_ && (request.needs == Needs::kNothing || has_buffer) &&
         (request.needs != Needs::kBufferAlone || running_.empty());
}

void Storage::begin_waiting() {
  if (std::exchange(beginning_, true)) {
    return;  // A request ended at once: the loop below goes on
  }
  while (!waiting_.empty() && may_begin(*waiting_.front())) {
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    Request& request = *running_.back();
    request.self = std::prev(running_.end());
    begin(request);
  }
  beginning_ = false;
  if (running_.empty() && waiting_.empty() && drained_) {
    std::exchange(drained_, nullptr)();
  }
}

void Storage::begin(Request& request) {
  switch (request.kind) {
    case Kind::kTransfer:
      if (request.needs == Needs::kNothing) {
        const auto kind = request.is_read ? IoOperation::Kind::kRead : IoOperation::Kind::kWrite;
        transfer(request, kind, std::move(request.pieces), request.offset, &Storage::end);
        return;
      }
      alone_ = request.needs == Needs::kBufferAlone;
      if (buffers_.empty()) {
        ++buffers_made_;
        request.buffer.resize(kBufferBytes + kPageSize);
      } else {
        request.buffer = std::move(buffers_.back());
        buffers_.pop_back();
      }
      next_part(request);
      return;
    case Kind::kFlush:
      if (flush_ == spec::Disk::Flush::kNever) {
        end(request, 0);
        return;
      }
      request.operation.kind = IoOperation::Kind::kSync;
      operate(request, &Storage::end);
      return;
    case Kind::kDiscard:
    case Kind::kZeroes:
      request.operation.kind = IoOperation::Kind::kAllocate;
      request.operation.mode =
          FALLOC_FL_KEEP_SIZE |
          (request.kind == Kind::kDiscard || request.unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
      request.operation.offset = request.offset;
      request.operation.length = request.length;
      operate(request, &Storage::on_allocated);
      return;
  }
}

void Storage::end(Request& request, int error) {
  const std::unique_ptr<Request> ended = std::move(*request.self);
  running_.erase(ended->self);
  if (!ended->buffer.empty()) {
    buffers_.push_back(std::move(ended->buffer));
  }
  if (ended->needs == Needs::kBufferAlone) {
    alone_ = false;
  }
  ended->done(error);
  begin_waiting();
}

// Operations.

void Storage::operate(Request& request, void (Storage::*next)(Request&, int)) {
  request.next = next;
  request.retries = 0;
  engine_->begin(request.operation);
}

void Storage::on_result(Request& request, std::int64_t result) {
  if ((result == -EAGAIN || result == -EINTR) && request.retries < kMostRetries) {
    ++request.retries;
    engine_->begin(request.operation);
    return;
  }
  const bool transfers = request.operation.kind == IoOperation::Kind::kRead ||
                         request.operation.kind == IoOperation::Kind::kWrite;
  if (result < 0 || !transfers) {
    (this->*request.next)(request, result < 0 ? static_cast<int>(-result) : 0);
    return;
  }
  if (result == 0 && !request.left.empty()) {
    // The image has become shorter, or takes no more and does not say why (write(2)).
    (this->*request.next)(request, EIO);
    return;
  }
  request.retries = 0;
  request.operation.offset += static_cast<std::uint64_t>(result);
  drop_first(request.left, static_cast<std::uint64_t>(result));
  if (request.left.empty()) {
    (this->*request.next)(request, 0);
    return;
  }
  request.operation.pieces = request.left;
  engine_->begin(request.operation);
}

void Storage::transfer(Request& request, IoOperation::Kind kind, Pieces pieces, std::uint64_t offset,
                       void (Storage::*next)(Request&, int)) {
  request.left = std::move(pieces);
  request.operation.kind = kind;
  request.operation.durable = request.durable && kind == IoOperation::Kind::kWrite;
  request.operation.pieces = request.left;
  request.operation.offset = offset;
  operate(request, next);
}

// Through a buffer: the part under way is [offset + at, + size); the blocks around it are in the buffer.

void Storage::next_part(Request& request) {
  if (request.at == request.length) {
    end(request, 0);
    return;
  }
  const std::uint64_t unit = facts_.transfer_alignment;
  const std::uint64_t start = request.offset + request.at;
  const std::uint64_t first = round_down(start, unit);
  request.size = std::min(request.length - request.at, kBufferBytes - (start - first));
  const std::uint64_t last = round_up(start + request.size, unit);
  const Pieces blocks{{aligned(request.buffer), last - first}};
  if (request.is_read) {
    transfer(request, IoOperation::Kind::kRead, blocks, first, &Storage::on_part_read);
  } else if (start == first && start + request.size == last) {
    write_part(request);
  } else {
    transfer(request, IoOperation::Kind::kRead, blocks, first, &Storage::on_part_read_for_write);
  }
}

void Storage::on_part_read(Request& request, int error) {
  if (error != 0) {
    end(request, error);
    return;
  }
  const std::uint64_t before = (request.offset + request.at) & (facts_.transfer_alignment - 1);
  copy_in(ByteView(aligned(request.buffer) + before, request.size), request.pieces, request.at);
  request.at += request.size;
  next_part(request);
}

void Storage::on_part_read_for_write(Request& request, int error) {
  if (error != 0) {
    end(request, error);
    return;
  }
  write_part(request);
}

void Storage::write_part(Request& request) {
  const std::uint64_t unit = facts_.transfer_alignment;
  const std::uint64_t start = request.offset + request.at;
  const std::uint64_t first = round_down(start, unit);
  copy_out(request.pieces, request.at, MutableBytes(aligned(request.buffer) + (start - first), request.size));
  const std::uint64_t last = round_up(start + request.size, unit);
  transfer(request, IoOperation::Kind::kWrite, {{aligned(request.buffer), last - first}}, first,
           &Storage::on_part_written);
}

void Storage::on_part_written(Request& request, int error) {
  if (error != 0) {
    end(request, error);
    return;
  }
  request.at += request.size;
  next_part(request);
}

// Discarding, and zeros.

void Storage::on_allocated(Request& request, int error) {
  if (error != EOPNOTSUPP) {
    finish(request, error);
  } else if (request.kind == Kind::kDiscard) {
    end(request, 0);  // Nothing is given back: a discard asks for no more than that it may be
  } else {
    next_zeroes(request);
  }
}

void Storage::next_zeroes(Request& request) {
  if (request.at == request.length) {
    end(request, 0);
    return;
  }
  request.size = std::min<std::uint64_t>(request.length - request.at, kZeroBytes * kZeroPieces);
  Pieces pieces;
  for (std::uint64_t left = request.size; left > 0; left -= pieces.back().iov_len) {
    pieces.push_back(zeros());
    pieces.back().iov_len = std::min<std::uint64_t>(left, kZeroBytes);
  }
  transfer(request, IoOperation::Kind::kWrite, std::move(pieces), request.offset + request.at,
           &Storage::on_zeroes);
}

void Storage::on_zeroes(Request& request, int error) {
  if (error != 0) {
    end(request, error);
    return;
  }
  request.at += request.size;
  next_zeroes(request);
}

void Storage::finish(Request& request, int error) {
  if (error != 0 || !request.durable) {
    end(request, error);
    return;
  }
  request.operation.kind = IoOperation::Kind::kSync;
  operate(request, &Storage::end);
}

}  // namespace virtsev::vmm
