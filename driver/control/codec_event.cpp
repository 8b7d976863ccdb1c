// SPDX-License-Identifier: LGPL-2.1-or-later
// Events to frames, and back; the end file.
#include "driver/control/channel.hpp"
#include "driver/control/wire.hpp"

namespace virtsev::control {
namespace {

EventType write(xdr::Encoder& out, const Ended& ended) {
  wire::put_enum(out, ended.reason);
  wire::put_text(out, ended.text);
  return EventType::kEnded;
}

EventType write(xdr::Encoder& out, const ConsoleSilent& silent) {
  wire::put_text(out, silent.text);
  return EventType::kConsoleSilent;
}

EventType write(xdr::Encoder& out, const Progress& progress) {
  out.put_uint64(progress.done);
  out.put_uint64(progress.total);
  return EventType::kProgress;
}

EventType write(xdr::Encoder& out, const FirmwareWanted& wanted) {
  out.put_uint64(wanted.number);
  out.put_uint64(wanted.bytes);
  return EventType::kFirmwareWanted;
}

EventType write(xdr::Encoder& out, const FirmwareDone& done) {
  out.put_uint64(done.number);
  return EventType::kFirmwareDone;
}

EventType write(xdr::Encoder&, const Panicked&) { return EventType::kPanicked; }

EventType write(xdr::Encoder& out, const DeviceRemoved& removed) {
  out.put_string(removed.id);
  return EventType::kDeviceRemoved;
}

std::optional<Event> read(xdr::Decoder& in, std::uint32_t type) {
  switch (static_cast<EventType>(type)) {
    case EventType::kEnded: {
      Ended ended;
      ended.reason = wire::get_end_reason(in);
      ended.text = in.get_string(wire::kMaxText);
      return ended;
    }
    case EventType::kConsoleSilent:
      return ConsoleSilent{in.get_string(wire::kMaxText)};
    case EventType::kProgress: {
      Progress progress;
      progress.done = in.get_uint64();
      progress.total = in.get_uint64();
      return progress;
    }
    case EventType::kFirmwareWanted: {
      FirmwareWanted wanted;
      wanted.number = in.get_uint64();
      wanted.bytes = in.get_uint64();
      return wanted;
    }
    case EventType::kFirmwareDone:
      return FirmwareDone{in.get_uint64()};
    case EventType::kPanicked:
      return Panicked{};
    case EventType::kDeviceRemoved:
      return DeviceRemoved{in.get_string(wire::kMaxDeviceId)};
  }
  return std::nullopt;
}

}  // namespace

OutgoingFrame encode(const Event& event) {
  xdr::Encoder out;
  const EventType type = std::visit([&](const auto& message) { return write(out, message); }, event);
  return wire::frame(FrameKind::kEvent, static_cast<std::uint32_t>(type), 0, std::move(out));
}

Result<Event, DecodeError> decode_event(const Frame& frame) {
  if (frame.kind != FrameKind::kEvent) {
    return unexpected(DecodeError::kMalformed);
  }
  xdr::Decoder in(frame.payload);
  std::optional<Event> event = read(in, frame.type);
  if (!event) {
    return unexpected(DecodeError::kUnknownType);
  }
  if (!in.ok()) {
    return unexpected(DecodeError::kMalformed);
  }
  return std::move(*event);
}

Bytes end_file_content(const Ended& ended) { return encode(Event(ended)).bytes; }

std::optional<Ended> parse_end_file(ByteView content) {
  FrameReader reader;
  if (content.size() > kMaxMessageBytes || !reader.feed(content, {})) {
    return std::nullopt;
  }
  const auto frame = reader.next();
  if (!frame || !*frame) {
    return std::nullopt;
  }
  const auto event = decode_event(**frame);
  if (!event || !std::holds_alternative<Ended>(*event)) {
    return std::nullopt;
  }
  return std::get<Ended>(*event);
}

}  // namespace virtsev::control
