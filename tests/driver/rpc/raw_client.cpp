// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/rpc/raw_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::rpc::test {

bool run_until(asio::io_context& io, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);  // Finds what hangs
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    io.restart();
    if (io.run_one_for(std::chrono::milliseconds(100)) == 0 && io.stopped() && !done()) {
      return false;  // no work is left that could make it hold
    }
  }
  return true;
}

ReceivedError Received::error() const {
  xdr::Decoder decoder(payload);
  ReceivedError error;
  error.code = decoder.get_int32();
  error.domain = decoder.get_int32();
  if (decoder.get_bool()) {
    error.message = decoder.get_string(kMaxString);
  }
  error.level = decoder.get_int32();
  return decoder.ok() && header.status == MessageStatus::kError ? error : ReceivedError{};
}

bool RawClient::send(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN) {
      return false;
    } else {
      io_.restart();
      if (io_.poll() == 0) {
        return false;  // nothing more happens by itself: the server does not read on
      }
    }
  }
  return true;
}

bool RawClient::call(std::int32_t procedure, std::uint32_t serial, ByteView payload) {
  Header header;
  header.procedure = procedure;
  header.serial = serial;
  return send(header, payload);
}

bool RawClient::stream(std::int32_t procedure, std::uint32_t serial, MessageStatus status, ByteView data) {
  Header header;
  header.procedure = procedure;
  header.serial = serial;
  header.type = MessageType::kStream;
  header.status = status;
  return send(header, data);
}

void RawClient::send_descriptor(int descriptor) {
  std::uint8_t carrier = 0;
  iovec data{&carrier, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
}

bool RawClient::take_some() {
  std::array<std::uint8_t, 65536> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) {
    input_.insert(input_.end(), buffer.begin(), buffer.begin() + count);
    return true;
  }
  ended_ = ended_ || count == 0 || errno != EAGAIN;
  return false;
}

std::optional<Received> RawClient::receive() {
  const auto whole_message = [this] {
    while (take_some()) {
    }
    if (input_.size() < kLengthSize) {
      return false;
    }
    const auto length = decode_length(ByteView(input_).first(kLengthSize));
    return length && input_.size() >= *length;
  };
  bool found = false;
  run_until(io_, [&] { return (found = whole_message()) || ended_; });
  if (!found) {
    return std::nullopt;
  }
  const std::size_t length = *decode_length(ByteView(input_).first(kLengthSize));
  Received received;
  received.header = *decode_header(ByteView(input_).first(length).subspan(kLengthSize));
  received.payload.assign(input_.begin() + kMinMessage, input_.begin() + static_cast<std::ptrdiff_t>(length));
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(length));
  return received;
}

bool RawClient::is_silent() {
  io_.restart();
  while (io_.poll() > 0) {
  }
  while (take_some()) {
  }
  return input_.empty() && !ended_;
}

Bytes encoded(const std::string& text) {
  xdr::Encoder encoder;
  encoder.put_string(text);
  return encoder.take();
}

std::string decoded_text(ByteView payload) {
  xdr::Decoder decoder(payload);
  std::string text = decoder.get_string(kMaxString);
  return decoder.ok() ? text : "(not a string)";
}

}  // namespace virtsev::rpc::test
