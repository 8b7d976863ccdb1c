// SPDX-License-Identifier: LGPL-2.1-or-later
// A message's header, and building a whole message around a payload.
#pragma once

#include <optional>

#include "driver/rpc/protocol.hpp"
#include "driver/xdr/encoder.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::rpc {

/// type and status hold whatever number the peer sent.
struct Header {
  std::uint32_t program = kRemoteProgram;
  std::uint32_t version = kProgramVersion;
  std::int32_t procedure = 0;
  MessageType type = MessageType::kCall;
  std::uint32_t serial = 0;
  MessageStatus status = MessageStatus::kOk;
};

/// Reads the header at the front of what follows the length word; none where it is cut short.
std::optional<Header> decode_header(ByteView message);

/// The length word of a message, the length included: none unless within [kMinMessage, limit].
std::optional<std::size_t> decode_length(ByteView word, std::size_t limit = kMaxMessage);

/// Room for the length, and the header: the payload is appended by the caller.
xdr::Encoder start_message(const Header& header);

/// Fills in the length. None where the message is longer than the protocol allows.
std::optional<Bytes> finish_message(xdr::Encoder message);

/// A whole message; the payload is the caller's bytes, which are XDR or, in streams, raw.
Bytes make_message(const Header& header, ByteView payload = {});

/// The header of the answer to `request`.
Header reply_to(const Header& request, MessageStatus status);

}  // namespace virtsev::rpc
