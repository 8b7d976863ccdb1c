// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream between a client and a descriptor (libvirt's src/remote/remote_daemon_stream.c): the client's
// packets are written to it in order; what is read from it is sent, one packet under way at a time. The end
// of the file is an empty CONTINUE packet; the client then finishes.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "driver/rpc/client_stream.hpp"
#include "driver/rpc/protocol.hpp"
#include "driver/rpc/stream.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::rpc {

struct StreamLimits {
  std::size_t pause = 0;
  std::chrono::milliseconds stall{};
};

class FdStream final : public Stream, public ClientStream, public std::enable_shared_from_this<FdStream> {
 public:
  /// Throws Error where the descriptor can't be polled; `ended` is not called then.
  FdStream(const asio::any_io_executor& executor, UniqueFd descriptor, StreamWire wire, StreamLimits limits,
           std::function<void()> ended);

  /// Begins to read. Before that, nothing is sent.
  void start() override;
  [[nodiscard]] bool started() const override { return started_; }
  /// Holes end the connection: no stream here was opened as sparse.
  bool take(MessageType type, MessageStatus status, StreamInput input) override {
    if (type == MessageType::kStreamHole) {
      return false;
    }
    deliver(status, std::move(input));
    return true;
  }
  void deliver(MessageStatus status, StreamInput input);
  /// Bytes that the descriptor has not taken yet.
  [[nodiscard]] std::size_t backlog() const override { return backlog_; }
  void fail(const Error& why) override;
  /// The client is gone, or was never told of the stream.
  void close() override;

 private:
  void read_more();
  void write_more();
  void written(std::size_t count);
  void end_of_file();
  void finish();
  void close_descriptor();
  void watch_for_stall();
  void stalled();

  asio::posix::stream_descriptor descriptor_;
  asio::steady_timer stall_timer_;
  StreamWire wire_;
  StreamLimits limits_;
  std::function<void()> ended_;
  Bytes output_;
  std::deque<StreamInput> input_;
  std::size_t backlog_ = 0;
  bool started_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool over_ = false;
};

}  // namespace virtsev::rpc
