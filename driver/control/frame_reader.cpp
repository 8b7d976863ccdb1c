// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts frames together from what arrives in pieces.
#include <utility>

#include "driver/control/channel.hpp"
#include "driver/control/messages.hpp"
#include "driver/xdr/decoder.hpp"

namespace virtsev::control {
namespace {

bool known_kind(std::uint32_t kind) {
  return kind >= static_cast<std::uint32_t>(FrameKind::kRequest) &&
         kind <= static_cast<std::uint32_t>(FrameKind::kEvent);
}

}  // namespace

Result<void, ChannelError> FrameReader::fail(ChannelError error) {
  failed_ = error;
  buffer_.clear();
  taken_ = 0;
  descriptors_.clear();
  return unexpected(error);
}

Result<void, ChannelError> FrameReader::feed(ByteView bytes, std::vector<UniqueFd> descriptors) {
  if (failed_) {
    return unexpected(*failed_);
  }
  if (descriptors_.size() + descriptors.size() > kMaxDescriptors) {
    return fail(ChannelError::kTooManyDescriptors);
  }
  // Once for all frames that were taken since the last time: however small they are, each byte moves once.
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0)));
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  for (UniqueFd& descriptor : descriptors) {
    descriptors_.push_back(std::move(descriptor));
  }
  return {};
}

Result<std::optional<Frame>, ChannelError> FrameReader::next() {
  if (failed_) {
    return unexpected(*failed_);
  }
  const ByteView bytes = ByteView(buffer_).subspan(taken_);
  if (bytes.size() < kFrameHeaderBytes) {
    return std::nullopt;
  }
  xdr::Decoder header(bytes.first(kFrameHeaderBytes));
  const std::uint32_t length = header.get_uint32();
  const std::uint32_t kind = header.get_uint32();
  const std::uint32_t type = header.get_uint32();
  const std::uint32_t serial = header.get_uint32();
  const std::uint32_t count = header.get_uint32();
  if (length < kFrameHeaderBytes || length > kMaxMessageBytes || !known_kind(kind)) {
    return tl::make_unexpected(fail(ChannelError::kBadFrame).error());
  }
  if (count > kMaxDescriptors) {
    return tl::make_unexpected(fail(ChannelError::kTooManyDescriptors).error());
  }
  // Descriptors come beside a frame's first byte, so they are here before its header is whole.
  if (count > descriptors_.size()) {
    return tl::make_unexpected(fail(ChannelError::kMissingDescriptors).error());
  }
  if (bytes.size() < length) {
    return std::nullopt;
  }
  Frame frame;
  frame.kind = static_cast<FrameKind>(kind);
  frame.type = type;
  frame.serial = serial;
  const ByteView payload = bytes.first(length).subspan(kFrameHeaderBytes);
  frame.payload.assign(payload.begin(), payload.end());
  taken_ += length;
  for (std::uint32_t i = 0; i < count; ++i) {
    frame.descriptors.push_back(std::move(descriptors_.front()));
    descriptors_.pop_front();
  }
  // Nothing is left to read, so descriptors that are left belong to no frame.
  if (taken_ == buffer_.size() && !descriptors_.empty()) {
    return tl::make_unexpected(fail(ChannelError::kTooManyDescriptors).error());
  }
  return frame;
}

}  // namespace virtsev::control
