// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream as its connection sees it.
#pragma once

#include <functional>

#include "driver/rpc/memory_budget.hpp"
#include "driver/rpc/protocol.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::rpc {

/// What a client sent: bytes from `offset` on are still to be written.
struct StreamInput {
  Bytes bytes;
  std::size_t offset = 0;
  MemoryBudget::Share share;
};

/// The way from a stream to its client.
struct StreamWire {
  std::function<void(MessageType, MessageStatus, ByteView payload, std::function<void()> written)> send;
  std::function<void()> drained;  ///< backlog() has shrunk
  std::function<void()> over;     ///< No packet is expected, or sent, any more
};

class ClientStream {
 public:
  virtual ~ClientStream() = default;
  /// The call's reply is on its way. Before that, nothing is sent, and the client has no stream.
  virtual void start() = 0;
  [[nodiscard]] virtual bool started() const = 0;
  /// False where a packet of that kind ends the connection.
  virtual bool take(MessageType type, MessageStatus status, StreamInput input) = 0;
  /// Bytes that were taken, and have not gone on yet.
  [[nodiscard]] virtual std::size_t backlog() const = 0;
  /// The client is gone, or was never told of the stream.
  virtual void close() = 0;
};

}  // namespace virtsev::rpc
