// SPDX-License-Identifier: LGPL-2.1-or-later
// Messages of the control protocol to frames, and back. Decoding is bounded in every field. It accepts bytes
// after the fields that it knows, and, for fields that came after version 1, their absence: so each side
// understands the other's later and earlier versions. The enumerations that a later version may add to,
// EndReason and RunState, read a value that this one does not know as kError and kPaused; of the others, such
// a value is malformed: a peer sends there only what it was told, or asked for.
//
// A descriptor in a message (spec::File::fd, Start::kvm and so on) is a real descriptor in the structures on
// both sides. On the wire it is an index into the frame's descriptors, -1 for none.
#pragma once

#include <optional>
#include <string_view>

#include "driver/control/frame.hpp"
#include "driver/control/messages.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::control {

// Numbers on the wire: never reused, never changed.
enum class RequestType : std::uint32_t {
  kHello = 1,
  // 2 was Start before version 5

  kQuery = 3,
  kResume = 4,
  kPause = 5,
  kPowerButton = 6,
  kInjectSecret = 7,
  kQuit = 8,
  kReadMemory = 9,
  kWriteMemory = 10,
  kReadRegisters = 11,
  kWriteRegisters = 12,
  kListMemory = 13,
  kGrantFirmware = 14,
  kOpenConsole = 15,
  kStart = 16,
  kSetLink = 17,
  kAttachDevice = 20,
  kDetachDevice = 21,
};
enum class ReplyType : std::uint32_t {
  kFailure = 1,
  kDone = 2,
  kHelloReply = 3,
  kLaunchReport = 4,
  kStatus = 5,
  kMemoryContent = 6,
  kRegisterContent = 7,
  kMemoryRanges = 8,
  kConsoleMaster = 9,
};
enum class EventType : std::uint32_t {
  kEnded = 1,
  kConsoleSilent = 2,
  kProgress = 3,
  kFirmwareWanted = 4,
  kFirmwareDone = 5,
  kPanicked = 6,
  kDeviceRemoved = 8,
};

enum class DecodeError {
  kUnknownType,  ///< A message of a later version: a request is answered with Failure(kNoSupport), an event
                 ///< is skipped
  kMalformed,    ///< The peer does not keep to the protocol: the connection ends
};

OutgoingFrame encode(const Request& request, std::uint32_t serial);
OutgoingFrame encode(const Reply& reply, std::uint32_t serial);
OutgoingFrame encode(const Event& event);

/// The frame must have the fitting kind (else kMalformed). The descriptors in a message stay the frame's.
Result<Request, DecodeError> decode_request(const Frame& frame);
Result<Reply, DecodeError> decode_reply(const Frame& frame);
Result<Event, DecodeError> decode_event(const Frame& frame);

/// What stands in Start::end_file: one event frame. Nothing where the file holds none, or not all of it.
Bytes end_file_content(const Ended& ended);
std::optional<Ended> parse_end_file(ByteView content);

}  // namespace virtsev::control
