// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/libvirt/bridge.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <libvirt/libvirt.h>
#include <unistd.h>

#include "driver/cli/libvirt/connection.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::cli {
namespace {

constexpr const char* kChannel = "virtsev.gdb";
constexpr std::size_t kPiece = 65536;
constexpr int kWouldBlock = -2;  // virStreamSend() and virStreamRecv()

[[noreturn]] void refuse(ErrorCode code, const std::string& what) {
  throw Error(code, text("{}: {}", what, last_libvirt_error()));
}

}  // namespace

DebugBridge::DebugBridge(const std::string& uri, const std::string& domain) {
  if (virEventRegisterDefaultImpl() != 0) {
    refuse(ErrorCode::kInternal, uri);
  }
  connection_ = connect_to_host(uri);
  const auto guest = find_domain(connection_.get(), domain);
  virStreamPtr stream = virStreamNew(connection_.get(), VIR_STREAM_NONBLOCK);
  if (stream == nullptr) {
    refuse(ErrorCode::kInternal, uri);
  }
  stream_ = {stream, [](virStreamPtr s) { virStreamFree(s); }};
  if (virDomainOpenChannel(guest.get(), kChannel, stream, 0) != 0) {
    aborted_ = true;  // It has never begun
    refuse(ErrorCode::kOperationFailed, domain);
  }
}

DebugBridge::~DebugBridge() {
  if (!aborted_) {
    virStreamAbort(stream_.get());
  }
}

void DebugBridge::run() {
  const auto on_stream = [](virStreamPtr, int events, void* self) {
    static_cast<DebugBridge*>(self)->on_stream(events);
  };
  const auto on_input = [](int, int, int, void* self) { static_cast<DebugBridge*>(self)->on_input(); };
  if (virStreamEventAddCallback(stream_.get(), VIR_STREAM_EVENT_READABLE, on_stream, this, nullptr) != 0) {
    refuse(ErrorCode::kInternal, kChannel);
  }
  input_ = virEventAddHandle(STDIN_FILENO, VIR_EVENT_HANDLE_READABLE, on_input, this, nullptr);
  if (input_ < 0) {
    refuse(ErrorCode::kInternal, kChannel);
  }
  while (!over_ && virEventRunDefaultImpl() == 0) {
  }
  virEventRemoveHandle(input_);
  virStreamEventRemoveCallback(stream_.get());
  if (!failure_.empty()) {
    throw Error(ErrorCode::kOperationFailed, failure_);
  }
}

void DebugBridge::fail(const std::string& what) {
  failure_ = text("{}: {}", what, last_libvirt_error());
  over_ = true;
  aborted_ = true;  // A stream that failed has ended itself
}

void DebugBridge::on_input() {
  std::array<char, kPiece> bytes{};
  const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (count <= 0) {
    over_ = true;
    return;
  }
  to_host_.append(bytes.data(), static_cast<std::size_t>(count));
  send_more();
}

void DebugBridge::on_stream(int events) {
  if ((events & VIR_STREAM_EVENT_READABLE) != 0 && !over_) {
    receive();
  }
  if ((events & VIR_STREAM_EVENT_WRITABLE) != 0 && !over_) {
    send_more();
  }
  if ((events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) != 0 && !over_) {
    fail(text("the connection to the guest's debugger broke"));
  }
}

void DebugBridge::send_more() {
  while (!to_host_.empty()) {
    const int sent = virStreamSend(stream_.get(), to_host_.data(), to_host_.size());
    if (sent == kWouldBlock) {
      break;
    }
    if (sent < 0) {
      fail(text("the connection to the guest's debugger broke"));
      return;
    }
    to_host_.erase(0, static_cast<std::size_t>(sent));
  }
  watch();
}

void DebugBridge::watch() {
  const bool waits = !to_host_.empty();
  virStreamEventUpdateCallback(stream_.get(),
                               VIR_STREAM_EVENT_READABLE | (waits ? VIR_STREAM_EVENT_WRITABLE : 0));
  virEventUpdateHandle(input_, waits ? 0 : VIR_EVENT_HANDLE_READABLE);
}

void DebugBridge::receive() {
  std::string bytes(kPiece, '\0');
  const int received = virStreamRecv(stream_.get(), bytes.data(), bytes.size());
  if (received == kWouldBlock) {
    return;
  }
  if (received < 0) {
    fail(text("the connection to the guest's debugger broke"));
    return;
  }
  bytes.resize(static_cast<std::size_t>(received));
  over_ = received == 0 || !write_all(STDOUT_FILENO, bytes_of(bytes));
}

}  // namespace virtsev::cli
