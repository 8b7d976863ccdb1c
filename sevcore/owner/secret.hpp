// SPDX-License-Identifier: LGPL-2.1-or-later
// The packet in which an owner hands a secret to a measured guest (SEV API, LAUNCH_SECRET).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/abi/packet.hpp"
#include "sevcore/abi/transport_keys.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::sevcore {

using SecretPacket = Packet;

/// Packs a plain text whose length is a multiple of 16, at most kMaxData; throws Error(kInvalidArgument)
/// otherwise. `iv`: for tests and for scripts that want the same packet twice; else random.
SecretPacket pack_secret(const TransportKeys& keys, const Measurement& measurement, ByteView plain_text,
                         const std::optional<ByteArray<16>>& iv = {});

using SecretFault = PacketFault;
std::string explain(SecretFault fault);

/// The platform's side. `guest_length`: how much guest memory the caller gives it; part of what the MAC
/// covers.
Result<Bytes, SecretFault> open_secret(const TransportKeys& keys, const Measurement& measurement,
                                       ByteView header, ByteView data, std::uint32_t guest_length);

}  // namespace virtsev::sevcore
