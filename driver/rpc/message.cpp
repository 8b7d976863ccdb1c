// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/message.hpp"

#include "driver/xdr/decoder.hpp"

namespace virtsev::rpc {

namespace {

void set_length(Bytes& message) {
  const auto length = static_cast<std::uint32_t>(message.size());
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    message[i] = static_cast<std::uint8_t>(length >> (8 * (kLengthSize - 1 - i)));
  }
}

}  // namespace

std::optional<Header> decode_header(ByteView message) {
  xdr::Decoder decoder(message);
  Header header;
  header.program = decoder.get_uint32();
  header.version = decoder.get_uint32();
  header.procedure = decoder.get_int32();
  header.type = static_cast<MessageType>(decoder.get_int32());
  header.serial = decoder.get_uint32();
  header.status = static_cast<MessageStatus>(decoder.get_int32());
  return decoder.ok() ? std::optional(header) : std::nullopt;
}

std::optional<std::size_t> decode_length(ByteView word, std::size_t limit) {
  xdr::Decoder decoder(word);
  const std::size_t length = decoder.get_uint32();
  if (!decoder.ok() || length < kMinMessage || length > limit) {
    return std::nullopt;
  }
  return length;
}

xdr::Encoder start_message(const Header& header) {
  xdr::Encoder encoder;
  encoder.put_uint32(0);
  encoder.put_uint32(header.program);
  encoder.put_uint32(header.version);
  encoder.put_int32(header.procedure);
  encoder.put_int32(static_cast<std::int32_t>(header.type));
  encoder.put_uint32(header.serial);
  encoder.put_int32(static_cast<std::int32_t>(header.status));
  return encoder;
}

std::optional<Bytes> finish_message(xdr::Encoder message) {
  if (message.size() > kMaxMessage) {
    return std::nullopt;
  }
  Bytes bytes = message.take();
  set_length(bytes);
  return bytes;
}

Bytes make_message(const Header& header, ByteView payload) {
  Bytes bytes = start_message(header).take();
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  set_length(bytes);
  return bytes;
}

Header reply_to(const Header& request, MessageStatus status) {
  Header reply = request;
  reply.type = request.type == MessageType::kStream ? MessageType::kStream : MessageType::kReply;
  reply.status = status;
  return reply;
}

}  // namespace virtsev::rpc
