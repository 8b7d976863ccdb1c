// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/transport.hpp"

#include <algorithm>

#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <poll.h>

namespace virtsev::rpc {

Transport::Transport(const asio::any_io_executor& executor, UniqueFd connected_socket, Budget budget,
                     std::optional<uid_t> reader)
    : socket_(executor), deadline_(executor), budget_(std::move(budget)), reader_(reader) {
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

asio::awaitable<Transport::Read> Transport::read_until(Bytes& bytes, std::size_t wanted,
                                                       MemoryBudget::Share& share,
                                                       std::function<void()> before_each) {
  constexpr std::size_t kFirst = 4096;
  while (bytes.size() < wanted) {
    const std::size_t have = bytes.size();
    const std::size_t more = std::min(wanted - have, std::max(have, kFirst));
    if (!share.grow(more)) {
      co_return Read::kNoRoom;
    }
    bytes.resize(have + more);
    if (before_each) {
      before_each();
    }
    if (!co_await read(MutableBytes(bytes).subspan(have))) {
      co_return Read::kEnded;
    }
  }
  co_return Read::kWhole;
}

void Transport::send(Bytes message, std::function<void()> written) {
  if (!open_) {
    return;
  }
  MemoryBudget::Share share(budget_, reader_);
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

void Transport::set_drain_handler(std::size_t level, std::function<void()> drained) {
  drain_level_ = level;
  drained_ = std::move(drained);
}

void Transport::watch_for_hangup(std::function<void()> gone) {
  if (!open_ || std::exchange(watching_, true)) {
    return;
  }
  socket_.async_wait(asio::local::stream_protocol::socket::wait_error,
                     [self = shared_from_this(), gone = std::move(gone)](const asio::error_code& error) {
                       self->watching_ = false;
                       if (error || !self->open_) {
                         return;
                       }
                       // Urgent data (MSG_OOB) ends this wait, too, and would end the next at once: no other
                       // follows here.
                       pollfd socket{self->socket_.native_handle(), 0, 0};
                       if (::poll(&socket, 1, 0) > 0 && (socket.revents & (POLLHUP | POLLERR)) != 0) {
                         gone();
                       }
                     });
}

void Transport::write_front() {
  writing_ = true;
  const std::uint64_t before = taken_;
  // All of it, as without this condition, but with a look at how it goes on.
  const auto progress = [this, before](const asio::error_code& error, std::size_t count) {
    taken_ = before + count;
    return error ? std::size_t{0} : queue_.front().bytes.size() - count;
  };
  asio::async_write(socket_, asio::buffer(queue_.front().bytes), progress,
                    [self = shared_from_this(), before](const asio::error_code& error, std::size_t count) {
                      self->writing_ = false;
                      self->taken_ = before + count;
                      if (!self->open_) {
                        self->queue_.clear();
                      } else if (error) {
                        self->fail();
                      } else {
                        self->wrote_front();
                      }
                    });
}

void Transport::wrote_front() {
  const Message done = std::move(queue_.front());
  queue_.pop_front();
  const bool was_full = queued_ >= drain_level_;
  queued_ -= done.bytes.size();
  if (done.written) {
    done.written();
  }
  if (open_ && drained_ && was_full && queued_ < drain_level_) {
    drained_();
  }
  if (!open_ || writing_) {
    return;
  }
  if (!queue_.empty()) {
    write_front();
  } else if (ending_) {
    fail();
  }
}

void Transport::close() {
  open_ = false;
  failed_ = nullptr;
  drained_ = nullptr;
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
