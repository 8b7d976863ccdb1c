// SPDX-License-Identifier: LGPL-2.1-or-later
// What the RPC server asks of the program behind it.
#pragma once

#include <asio/awaitable.hpp>

#include "driver/rpc/client.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::rpc {

/// Answers the calls of the REMOTE program (0x20008086). It must outlive the server, and every call that it
/// has not yet answered.
class Service {
 public:
  virtual ~Service() = default;
  /// Decodes the arguments, does the work, appends the reply's payload. Throws Error for an error reply. For
  /// a procedure that is not there it throws unknown_procedure() (error_reply.hpp). Several calls of one
  /// client may be in progress.
  virtual asio::awaitable<void> call(Client& client, const Call& call, xdr::Decoder& arguments,
                                     xdr::Encoder& reply) = 0;
  /// The connection is gone; some of its calls may still be in progress, and can be given up.
  virtual void disconnected(Client&) {}
  /// The connection is gone, and the last of its calls has ended; nothing more is called for it.
  virtual void closed(Client& client) = 0;
};

}  // namespace virtsev::rpc
