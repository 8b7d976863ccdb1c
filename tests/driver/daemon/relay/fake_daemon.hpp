// SPDX-License-Identifier: LGPL-2.1-or-later
// One of libvirt's daemons: it writes down what it is asked, and answers as it is told. It runs on the test's
// loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

#include "driver/rpc/message.hpp"
#include "driver/rpc/transport.hpp"

namespace virtsev::daemon::test {

class FakeDaemon {
 public:
  struct Message {
    rpc::Header header;
    Bytes payload;
  };
  /// One client's connection, here virtsevd's.
  struct Connection {
    std::shared_ptr<rpc::Transport> transport;
    std::vector<Message> messages;

    void reply(const rpc::Header& call, ByteView payload = {}) {
      transport->send(rpc::make_message(rpc::reply_to(call, rpc::MessageStatus::kOk), payload));
    }
    void fail(const rpc::Header& call, std::int32_t code, std::int32_t domain, const std::string& message);
    void event(std::int32_t procedure, ByteView payload);
    void stream(const rpc::Header& call, rpc::MessageType type, rpc::MessageStatus status,
                ByteView payload = {});
    [[nodiscard]] std::vector<std::int32_t> procedures() const;
    [[nodiscard]] const Message& last() const { return messages.back(); }
  };
  /// True where it has answered; else calls that open a connection are answered with success, others not at
  /// all.
  using Script = std::function<bool(Connection& connection, const Message& message)>;

  FakeDaemon(asio::io_context& io, const std::string& socket, Script script = {});
  ~FakeDaemon() { stop(); }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  /// Its connections break, and nobody listens any more.
  void stop();

  std::vector<std::shared_ptr<Connection>> connections;
  Script script;

 private:
  void accept();
  static asio::awaitable<void> serve(std::shared_ptr<bool> alive, FakeDaemon& daemon,
                                     std::shared_ptr<Connection> connection);

  std::string path_;
  asio::local::stream_protocol::acceptor acceptor_;
  std::shared_ptr<rpc::MemoryBudget> budget_ = std::make_shared<rpc::MemoryBudget>(64U << 20);
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace virtsev::daemon::test
