// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of one connection: reads of exact length, a queue of messages to be sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

#include "driver/rpc/memory_budget.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::rpc {

class Transport : public std::enable_shared_from_this<Transport> {
 public:
  using Budget = std::shared_ptr<MemoryBudget>;
  /// Throws std::system_error where the socket can't be polled.
  /// `reader` as in MemoryBudget::Share.
  Transport(const asio::any_io_executor& executor, UniqueFd connected_socket, Budget budget,
            std::optional<uid_t> reader);

  /// Fills `out`, and takes not one byte more off the socket: what follows may carry file descriptors. False
  /// at the end of the connection. Descriptors that come with the bytes are closed by the kernel, as no
  /// control buffer is offered.
  asio::awaitable<bool> read(MutableBytes out);

  enum class Read : std::uint8_t { kWhole, kEnded, kNoRoom };
  /// Appends to `bytes` until it holds `wanted`. Memory follows the bytes that came, not the length that was
  /// announced: at most twice as much. `before_each`: called before each piece is read.
  asio::awaitable<Read> read_until(Bytes& bytes, std::size_t wanted, MemoryBudget::Share& share,
                                   std::function<void()> before_each = {});

  /// Queues a whole message; `written` is called once the kernel has all of it, or never.
  void send(Bytes message, std::function<void()> written = {});
  /// Bytes that the kernel has not taken yet.
  [[nodiscard]] std::size_t queued() const { return queued_; }
  /// Bytes that the kernel has taken so far: grows while the peer reads.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }

  /// `drained` is called whenever queued() has fallen below `level`.
  void set_drain_handler(std::size_t level, std::function<void()> drained);
  /// For a time in which nothing is read, when the peer's end would go unseen: `gone` is called once the peer
  /// has closed its socket. Until then, further calls change nothing.
  void watch_for_hangup(std::function<void()> gone);

  /// `failed` is called when the peer is gone or takes more memory than there is for it.
  void set_failure_handler(std::function<void()> failed) { failed_ = std::move(failed); }
  void close();
  /// Sends what is queued first, as far as the peer takes it in that time; then reports failure.
  void fail_when_flushed(std::chrono::milliseconds deadline);

 private:
  struct Message {
    Bytes bytes;
    std::function<void()> written;
    MemoryBudget::Share share;
  };
  void write_front();
  void wrote_front();
  void fail();

  asio::local::stream_protocol::socket socket_;
  asio::steady_timer deadline_;
  Budget budget_;
  std::optional<uid_t> reader_;
  bool open_ = true;
  bool writing_ = false;
  bool ending_ = false;
  bool watching_ = false;
  std::size_t queued_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<Message> queue_;
  std::function<void()> failed_;
  std::size_t drain_level_ = 0;
  std::function<void()> drained_;
};

}  // namespace virtsev::rpc
