// SPDX-License-Identifier: LGPL-2.1-or-later
// A frame of the control protocol: the unit that travels. Header of five big-endian u32: length of all,
// header included; kind; type; serial; number of descriptors. The payload follows. Descriptors travel beside
// the frame's first byte (SCM_RIGHTS, unix(7)).
#pragma once

#include <cstdint>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::control {

inline constexpr std::size_t kFrameHeaderBytes = 20;

enum class FrameKind : std::uint32_t { kRequest = 1, kReply = 2, kEvent = 3 };

/// A frame that was received. It owns its descriptors: a decoded Start borrows them from here.
struct Frame {
  FrameKind kind = FrameKind::kRequest;
  std::uint32_t type = 0;  ///< RequestType, ReplyType or EventType (codec.hpp); maybe one of a later version
  std::uint32_t serial = 0;  ///< Of the request; 0 for events
  Bytes payload;
  std::vector<UniqueFd> descriptors;
};

/// A frame to send, header included. The descriptors are borrowed.
struct OutgoingFrame {
  Bytes bytes;
  std::vector<int> descriptors;
};

}  // namespace virtsev::control
