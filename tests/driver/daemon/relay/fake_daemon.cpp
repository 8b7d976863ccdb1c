// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/daemon/relay/fake_daemon.hpp"

#include <unistd.h>

#include "driver/rpc/error_reply.hpp"

namespace virtsev::daemon::test {
namespace {

constexpr std::int32_t kOpen = 1, kAuthList = 66, kSetIdentity = 419;

}  // namespace

void FakeDaemon::Connection::fail(const rpc::Header& call, std::int32_t code, std::int32_t domain,
                                  const std::string& message) {
  xdr::Encoder out;
  rpc::put_error(out, static_cast<ErrorCode>(code), message, domain);
  transport->send(rpc::make_message(rpc::reply_to(call, rpc::MessageStatus::kError), out.bytes()));
}

void FakeDaemon::Connection::event(std::int32_t procedure, ByteView payload) {
  rpc::Header header;
  header.procedure = procedure;
  header.type = rpc::MessageType::kMessage;
  header.serial = rpc::kEventSerial;
  transport->send(rpc::make_message(header, payload));
}

void FakeDaemon::Connection::stream(const rpc::Header& call, rpc::MessageType type, rpc::MessageStatus status,
                                    ByteView payload) {
  rpc::Header header = call;
  header.type = type;
  header.status = status;
  transport->send(rpc::make_message(header, payload));
}

std::vector<std::int32_t> FakeDaemon::Connection::procedures() const {
  std::vector<std::int32_t> all;
  for (const Message& message : messages) {
    all.push_back(message.header.procedure);
  }
  return all;
}

FakeDaemon::FakeDaemon(asio::io_context& io, const std::string& socket, Script what)
    : script(std::move(what)), path_(socket), acceptor_(io) {
  ::unlink(path_.c_str());
  acceptor_.open();
  acceptor_.bind(asio::local::stream_protocol::endpoint(path_));
  acceptor_.listen();
  accept();
}

void FakeDaemon::accept() {
  acceptor_.async_accept(
      [this, alive = alive_](const asio::error_code& error, asio::local::stream_protocol::socket socket) {
        if (error || !*alive) {
          return;
        }
        const auto connection = std::make_shared<Connection>();
        connection->transport = std::make_shared<rpc::Transport>(
            acceptor_.get_executor(), UniqueFd(socket.release()), budget_, std::nullopt);
        connections.push_back(connection);
        asio::co_spawn(acceptor_.get_executor(), serve(alive_, *this, connection), asio::detached);
        accept();
      });
}

asio::awaitable<void> FakeDaemon::serve(std::shared_ptr<bool> alive, FakeDaemon& daemon,
                                        std::shared_ptr<Connection> connection) {
  const auto transport = connection->transport;
  for (;;) {
    ByteArray<rpc::kLengthSize> word{};
    if (!co_await transport->read(word)) {
      co_return;
    }
    Bytes bytes(rpc::decode_length(word).value() - rpc::kLengthSize);
    if (!co_await transport->read(bytes) || !*alive) {
      co_return;
    }
    Message message{*rpc::decode_header(bytes), Bytes(bytes.begin() + rpc::kHeaderSize, bytes.end())};
    connection->messages.push_back(message);
    const std::int32_t procedure = message.header.procedure;
    if (daemon.script && daemon.script(*connection, message)) {
      continue;
    }
    if (procedure == kAuthList) {
      connection->reply(message.header, Bytes{0, 0, 0, 1, 0, 0, 0, 0});
    } else if (procedure == kOpen || procedure == kSetIdentity) {
      connection->reply(message.header);
    }
  }
}

void FakeDaemon::stop() {
  *alive_ = false;
  asio::error_code ignored;
  acceptor_.close(ignored);
  ::unlink(path_.c_str());
  for (const auto& connection : connections) {
    connection->transport->close();
  }
}

}  // namespace virtsev::daemon::test
