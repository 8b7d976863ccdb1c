// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/transport.hpp"

#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

namespace virtsev::rpc {

Transport::Transport(const asio::any_io_executor& executor, UniqueFd connected_socket, Budget budget,
                     bool read_only)
    : socket_(executor), deadline_(executor), budget_(std::move(budget)), read_only_(read_only) {
  socket_.assign(asio::local::stream_protocol(), connected_socket.get());
  static_cast<void>(connected_socket.release());
}

asio::awaitable<bool> Transport::read(MutableBytes out) {
  if (!open_) {
    co_return false;
  }
  asio::error_code error;
  co_await asio::async_read(socket_, asio::buffer(out.data(), out.size()),
                            asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

void Transport::send(Bytes message, std::function<void()> written) {
  if (!open_) {
    return;
  }
  MemoryBudget::Share share(budget_, read_only_);
  if (!share.grow(message.size())) {
    fail();
    return;
  }
  queued_ += message.size();
  queue_.push_back({std::move(message), std::move(written), std::move(share)});
  if (!writing_) {
    write_front();
  }
}

void Transport::write_front() {
  writing_ = true;
  asio::async_write(socket_, asio::buffer(queue_.front().bytes),
                    [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                      self->writing_ = false;
                      if (!self->open_) {
                        self->queue_.clear();
                        return;
                      }
                      if (error) {
                        self->fail();
                        return;
                      }
                      const Message done = std::move(self->queue_.front());
                      self->queue_.pop_front();
                      self->queued_ -= done.bytes.size();
                      if (done.written) {
                        done.written();
                      }
                      if (!self->open_ || self->writing_) {
                        return;
                      }
                      if (!self->queue_.empty()) {
                        self->write_front();
                      } else if (self->ending_) {
                        self->fail();
                      }
                    });
}

void Transport::close() {
  open_ = false;
  failed_ = nullptr;
  asio::error_code ignored;
  deadline_.cancel();
  socket_.close(ignored);
  // A message that is being written belongs to its operation, which is about to be told.
  if (!writing_) {
    queue_.clear();
  }
}

void Transport::fail() {
  if (const auto failed = std::exchange(failed_, nullptr)) {
    failed();
  }
}

void Transport::fail_when_flushed(std::chrono::milliseconds deadline) {
  ending_ = true;
  if (queue_.empty()) {
    fail();
    return;
  }
  deadline_.expires_after(deadline);
  deadline_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error) {
      self->fail();
    }
  });
}

}  // namespace virtsev::rpc
