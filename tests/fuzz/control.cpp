// SPDX-License-Identifier: LGPL-2.1-or-later
// The control protocol from a peer: any bytes in two pieces through the frame reader, and the same bytes as
// the payload of any message. What is understood is encoded again, and must be understood again.
#include <algorithm>
#include <cstdlib>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"

using virtsev::Bytes;
using virtsev::ByteView;
namespace control = virtsev::control;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

control::Frame frame_of(const control::OutgoingFrame& outgoing) {
  control::FrameReader reader;
  require(reader.feed(outgoing.bytes, {}).has_value());
  auto frame = reader.next();
  require(frame.has_value() && frame->has_value());
  return std::move(**frame);
}

void decode(const control::Frame& frame) {
  if (const auto request = control::decode_request(frame)) {
    const auto again = control::decode_request(frame_of(control::encode(*request, frame.serial)));
    require(again.has_value() && again->index() == request->index());
  }
  if (const auto reply = control::decode_reply(frame)) {
    const auto again = control::decode_reply(frame_of(control::encode(*reply, frame.serial)));
    require(again.has_value() && again->index() == reply->index());
  }
  if (const auto event = control::decode_event(frame)) {
    const auto again = control::decode_event(frame_of(control::encode(*event)));
    require(again.has_value() && again->index() == event->index());
  }
}

void read_frames(ByteView input) {
  control::FrameReader reader;
  const std::size_t first = input.empty() ? 0 : std::min<std::size_t>(input[0], input.size());
  for (const ByteView piece : {input.first(first), input.subspan(first)}) {
    if (!reader.feed(piece, {})) {
      return;
    }
    for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
      decode(**frame);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  read_frames(input);
  if (size >= 2) {
    control::Frame frame;
    frame.kind = static_cast<control::FrameKind>(1 + input[0] % 3);
    frame.type = input[1] % 10;
    frame.payload.assign(input.begin() + 2, input.end());
    decode(frame);
  }
  return 0;
}
