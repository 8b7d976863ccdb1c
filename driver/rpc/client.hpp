// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection as a Service sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <sys/types.h>

#include "driver/rpc/stream.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::rpc {

/// Who is at the other end, as the kernel says (SO_PEERCRED: at the time of connect()).
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// What a Service keeps for one client; goes with the client.
struct ClientState {
  virtual ~ClientState() = default;
};

/// Names a call, and the stream that it may open.
struct Call {
  std::int32_t procedure = 0;
  std::uint32_t serial = 0;
};

class Client {
 public:
  virtual ~Client() = default;

  /// Unique in this server's life; never 0.
  [[nodiscard]] virtual std::uint64_t id() const = 0;
  /// The socket that it came in by is the read-only one.
  [[nodiscard]] virtual bool read_only() const = 0;
  [[nodiscard]] virtual const PeerCredentials& peer() const = 0;

  /// The client has opened a hypervisor connection: the limits for strangers no longer apply.
  virtual void set_open() = 0;
  /// The client understands pings (it asked for feature 10).
  virtual void start_keepalive() = 0;
  /// After the reply to the call at hand, and all that is queued before it, the connection ends.
  virtual void close_after_reply() = 0;

  /// A message of the REMOTE program that answers no call. A client that does not read its events is dropped,
  /// rather than that they pile up.
  virtual void send_event(std::int32_t procedure, ByteView payload) = 0;

  /// Ties a descriptor that can be polled (pty, pipe, socket) to `call`: once the call's reply is on its way,
  /// what is read from it goes to the client, what the client sends is written to it. `ended` is called once,
  /// when the descriptor has been closed for any reason, the call's own failure included. Throws Error where
  /// the client has too many streams.
  virtual std::weak_ptr<Stream> open_stream(const Call& call, UniqueFd descriptor,
                                            std::function<void()> ended) = 0;
  /// Ties the packets of `call`'s stream to the handlers. It is there at once, and goes with the call where
  /// that fails. Throws Error where the client has too many streams.
  virtual std::weak_ptr<PacketStream> open_packet_stream(const Call& call, PacketHandlers handlers) = 0;

  std::unique_ptr<ClientState> state;
};

}  // namespace virtsev::rpc
