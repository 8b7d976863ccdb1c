// SPDX-License-Identifier: LGPL-2.1-or-later
// A client that writes and reads bytes as they are, in one thread with the server: while it waits, the server
// runs.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <asio/io_context.hpp>

#include "driver/rpc/message.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::rpc::test {

/// Runs the loop until `done` holds. False where it does not in 10 s.
bool run_until(asio::io_context& io, const std::function<bool()>& done);

struct ReceivedError {
  std::int32_t code = 0, domain = 0, level = 0;
  std::string message;
};

struct Received {
  Header header;
  Bytes payload;
  /// The payload as an error's; no code where it is none.
  [[nodiscard]] ReceivedError error() const;
};

class RawClient {
 public:
  RawClient(asio::io_context& io, UniqueFd socket) : io_(io), socket_(std::move(socket)) {}

  /// All of it; the server runs where the socket is full. False once the server has closed the connection.
  bool send(ByteView bytes);
  bool send(const Header& header, ByteView payload = {}) { return send(make_message(header, payload)); }
  /// A call of the REMOTE program.
  bool call(std::int32_t procedure, std::uint32_t serial, ByteView payload = {});
  bool stream(std::int32_t procedure, std::uint32_t serial, MessageStatus status, ByteView data = {});
  /// As bytes that the kernel hands over with one descriptor.
  void send_descriptor(int descriptor);
  /// The next message; none at the end of the connection.
  std::optional<Received> receive();
  /// The connection ends without another message.
  bool at_end() { return !receive().has_value() && ended_; }
  /// Nothing has been sent that was not received.
  bool is_silent();
  void close() { socket_.reset(); }
  [[nodiscard]] int socket() const { return socket_.get(); }

 private:
  bool take_some();

  asio::io_context& io_;
  UniqueFd socket_;
  Bytes input_;
  bool ended_ = false;
};

/// As XDR.
Bytes encoded(const std::string& text);
std::string decoded_text(ByteView payload);

}  // namespace virtsev::rpc::test
