// SPDX-License-Identifier: LGPL-2.1-or-later
// What the RPC server asks of the program behind it.
#pragma once

#include <asio/awaitable.hpp>
#include <cstdint>

#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::rpc {

class Client;  // driver/rpc/client.hpp: one connection as a Service sees it

/// Answers the calls of the REMOTE program (0x20008086).
class Service {
 public:
  virtual ~Service() = default;
  /// Decodes the arguments, does the work, encodes the reply. Throws Error for an error reply. An unknown procedure is
  /// Error(kRpc, "unknown procedure: N").
  virtual asio::awaitable<void> call(Client& client, std::int32_t procedure, xdr::Decoder& arguments,
                                     xdr::Encoder& reply) = 0;
  /// The connection is gone; nothing more is called for it.
  virtual void closed(Client& client) = 0;
};

}  // namespace virtsev::rpc
