// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/fd_stream.hpp"

#include <cerrno>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include "driver/rpc/error_reply.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::rpc {

namespace {

/// More than a pty gives at once, less than kMaxStreamChunk.
constexpr std::size_t kReadSize = 16384;

/// How the far side of a pty, pipe or socket shows that it has been closed.
bool means_closed(const asio::error_code& error) {
  return error == asio::error::eof || error.value() == EIO || error.value() == EPIPE ||
         error.value() == ECONNRESET;
}

}  // namespace

FdStream::FdStream(const asio::any_io_executor& executor, UniqueFd descriptor, StreamWire wire,
                   StreamLimits limits, std::function<void()> ended)
    : descriptor_(executor), stall_timer_(executor), wire_(std::move(wire)), limits_(limits) {
  asio::error_code error;
  descriptor_.assign(descriptor.get(), error);
  if (error) {
    throw Error(ErrorCode::kSystemError,
                text("cannot wait for the stream's descriptor: {}", error.message()));
  }
  static_cast<void>(descriptor.release());
  ended_ = std::move(ended);
}

void FdStream::start() {
  started_ = true;
  output_.resize(kReadSize);
  read_more();
}

void FdStream::read_more() {
  if (!descriptor_.is_open()) {
    return;
  }
  descriptor_.async_read_some(
      asio::buffer(output_), [self = shared_from_this()](const asio::error_code& error, std::size_t count) {
        if (!self->descriptor_.is_open()) {
          return;
        }
        if (error && !means_closed(error)) {
          self->fail(Error(ErrorCode::kSystemError, text("cannot read the stream: {}", error.message())));
        } else if (error || count == 0) {
          self->end_of_file();
        } else {
          // The next packet waits until this one is with the kernel: a slow client slows the guest, and fills
          // no memory.
          self->wire_.send(MessageType::kStream, MessageStatus::kContinue,
                           ByteView(self->output_).first(count), [self] { self->read_more(); });
        }
      });
}

void FdStream::deliver(MessageStatus status, StreamInput input) {
  switch (status) {
    case MessageStatus::kContinue:
      if (descriptor_.is_open() && !finishing_ && input.offset < input.bytes.size()) {
        backlog_ += input.bytes.size() - input.offset;
        input_.push_back(std::move(input));
        write_more();
        watch_for_stall();
      }
      return;
    case MessageStatus::kOk:
      finishing_ = true;
      if (input_.empty()) {
        finish();
      } else {
        watch_for_stall();
      }
      return;
    case MessageStatus::kError:  // the client gives up; its answer is OK all the same
      finish();
      return;
  }
  fail(Error(ErrorCode::kRpc, text("unexpected stream status {}", static_cast<std::int32_t>(status))));
}

void FdStream::write_more() {
  if (writing_ || input_.empty() || !descriptor_.is_open()) {
    return;
  }
  writing_ = true;
  const StreamInput& front = input_.front();
  descriptor_.async_write_some(
      asio::buffer(front.bytes.data() + front.offset, front.bytes.size() - front.offset),
      [self = shared_from_this()](const asio::error_code& error, std::size_t count) {
        self->writing_ = false;
        if (!self->descriptor_.is_open()) {
          self->input_.clear();
        } else if (error && means_closed(error)) {
          self->end_of_file();
        } else if (error) {
          self->fail(Error(ErrorCode::kSystemError, text("cannot write to the stream: {}", error.message())));
        } else {
          self->written(count);
        }
      });
}

void FdStream::written(std::size_t count) {
  backlog_ -= count;
  input_.front().offset += count;
  if (input_.front().offset == input_.front().bytes.size()) {
    input_.pop_front();
  }
  if (finishing_ && input_.empty()) {
    finish();
    return;
  }
  wire_.drained();
  watch_for_stall();
  write_more();
}

void FdStream::watch_for_stall() {
  const bool client_waits = finishing_ || backlog_ >= limits_.pause;
  if (input_.empty() || !client_waits) {
    stall_timer_.cancel();
    return;
  }
  stall_timer_.expires_after(limits_.stall);
  stall_timer_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    // An expiry that has moved on means progress since this wait was completed.
    if (!error && self && self->descriptor_.is_open() &&
        self->stall_timer_.expiry() <= asio::steady_timer::clock_type::now()) {
      self->stalled();
    }
  });
}

void FdStream::stalled() {
  if (finishing_) {
    finish();
  } else {
    fail(Error(
        ErrorCode::kOperationFailed,
        text("nobody takes what was sent to this stream: {} bytes wait; it has been closed", backlog_)));
  }
}

void FdStream::end_of_file() {
  close_descriptor();
  if (finishing_) {
    finish();
  } else {
    wire_.send(MessageType::kStream, MessageStatus::kContinue, {}, {});
  }
}

void FdStream::finish() {
  if (std::exchange(over_, true)) {
    return;
  }
  close_descriptor();
  wire_.send(MessageType::kStream, MessageStatus::kOk, {}, {});
  wire_.over();
}

void FdStream::fail(const Error& why) {
  if (std::exchange(over_, true)) {
    return;
  }
  close_descriptor();
  if (started_) {
    xdr::Encoder payload;
    put_error(payload, why.code(), why.what());
    wire_.send(MessageType::kStream, MessageStatus::kError, payload.bytes(), {});
  }
  wire_.over();
}

void FdStream::close() {
  over_ = true;
  close_descriptor();
}

void FdStream::close_descriptor() {
  if (!descriptor_.is_open()) {
    return;
  }
  asio::error_code ignored;
  descriptor_.close(ignored);
  stall_timer_.cancel();
  backlog_ = 0;
  if (!writing_) {
    input_.clear();
  }
  wire_.drained();
  if (const auto ended = std::exchange(ended_, nullptr)) {
    ended();
  }
}

}  // namespace virtsev::rpc
