// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream as a Service sees it.
#pragma once

#include <functional>

#include "driver/rpc/protocol.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::rpc {

class Stream {
 public:
  virtual ~Stream() = default;
  /// Ends it: the client is told why.
  virtual void fail(const Error& why) = 0;
};

/// A stream whose packets go on as they are, to and from somebody who speaks the protocol, too. Who has it
/// decides when it ends.
class PacketStream : public Stream {
 public:
  /// A packet for the client; one that comes before the call's reply waits for that. `written`: called when
  /// the kernel has it. False where the client is gone, and `written` is never called.
  virtual bool send(MessageType type, MessageStatus status, ByteView payload,
                    std::function<void()> written) = 0;
  /// What was sent is all.
  virtual void end() = 0;
  /// PacketHandlers::backlog() has shrunk.
  virtual void drained() = 0;
};

/// What becomes of a PacketStream's packets.
struct PacketHandlers {
  /// From the client: data, hole, finish or abort.
  std::function<void(MessageType type, MessageStatus status, ByteView payload)> packet;
  /// Bytes of them that are not on their way yet: above a limit the client is not read.
  std::function<std::size_t()> backlog;
};

}  // namespace virtsev::rpc
