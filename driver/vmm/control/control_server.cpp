// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor's end of the control protocol.
#include "driver/vmm/control/control_server.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

std::optional<uid_t> uid_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return credentials.uid;
}

/// What a peer may ask while a handler waits for it: what the wait is for, and what changes nothing.
bool is_for_now(std::uint32_t type) {
  switch (static_cast<control::RequestType>(type)) {
    case control::RequestType::kHello:
    case control::RequestType::kQuery:
    case control::RequestType::kGrantFirmware:
      return true;
    default:
      return false;
  }
}

/// Of the protocol: the first one that knows the event.
std::uint32_t first_version(const control::Event& event) {
  if (std::holds_alternative<control::DeviceRemoved>(event)) {
    return control::kHotPlugVersion;
  }
  const bool from_the_first =
      std::holds_alternative<control::Ended>(event) || std::holds_alternative<control::ConsoleSilent>(event);
  return from_the_first ? 1 : 4;
}

}  // namespace

ControlServer::ControlServer(Loops loops, UniqueFd listener, std::vector<uid_t> allowed, Handler handler,
                             std::function<void()> on_left)
    : loop_(loops.loop),
      waiting_loop_(loops.waiting),
      listener_(std::move(listener)),
      allowed_(std::move(allowed)),
      handler_(std::move(handler)),
      on_left_(std::move(on_left)) {
  watched_listener_ = watch(listener_.get(), [this](std::uint32_t) { accept_peer(); });
  for (const int descriptor : loops.interrupts) {
    interrupts_.push_back(
        waiting_loop_.watch(descriptor, EPOLLIN, [this](std::uint32_t) { interrupted_ = true; }));
  }
}

ControlServer::~ControlServer() = default;

ControlServer::Watched ControlServer::watch(int fd, const EventLoop::Callback& callback) {
  return {loop_.watch(fd, EPOLLIN, callback), waiting_loop_.watch(fd, EPOLLIN, callback)};
}

void ControlServer::accept_peer() {
  UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    return;
  }
  const std::optional<uid_t> uid = uid_of(socket.get());
  if (!uid || std::find(allowed_.begin(), allowed_.end(), *uid) == allowed_.end()) {
    return;
  }
  drop_peer();
  has_had_peer_ = true;
  peer_ = std::make_shared<Peer>();
  peer_->socket = std::move(socket);
  peer_->watched = watch(peer_->socket.get(), [this](std::uint32_t events) { on_peer(events); });
}

void ControlServer::drop_peer() {
  if (peer_) {
    // A handler that waits may still know this peer: nobody listens to it any more.
    peer_->watched = {};
    peer_.reset();
  }
}

void ControlServer::on_peer(std::uint32_t events) {
  const bool writable = (events & EPOLLOUT) != 0;
  const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
  if ((writable && !flush()) || (readable && !read_requests())) {
    drop_peer();
    on_left_();
  }
}

bool ControlServer::read_requests() {
  return control::receive(peer_->socket.get(), peer_->reader).has_value() && answer_all();
}

// The peer may be another one after each answer, or none: a handler may have waited for it.
bool ControlServer::answer_all() {
  while (peer_) {
    if (!waiting_ && !peer_->postponed.empty()) {
      control::Frame frame = std::move(peer_->postponed.front());
      peer_->postponed.pop_front();
      if (!answer(std::move(frame))) {
        return false;
      }
      continue;
    }
    auto frame = peer_->reader.next();
    if (!frame) {
      return false;
    }
    if (!*frame) {
      return true;
    }
    if (!answer(std::move(**frame))) {
      return false;
    }
  }
  return true;
}

bool ControlServer::greet(const control::Frame& frame, const control::Request& request) {
  const auto* hello = std::get_if<control::Hello>(&request);
  if (hello == nullptr) {
    return peer_->greeted;
  }
  peer_->greeted = true;
  peer_->version = std::min(hello->version, control::kProtocolVersion);
  return frame.kind == control::FrameKind::kRequest;
}

bool ControlServer::postpone(control::Frame frame) {
  constexpr std::size_t kMost = 64;  // More than virtsevd leaves unanswered
  if (static_cast<control::RequestType>(frame.type) == control::RequestType::kQuit) {
    interrupted_ = true;
  }
  peer_->postponed.push_back(std::move(frame));
  return peer_->postponed.size() <= kMost;
}

bool ControlServer::answer(control::Frame frame) {
  const std::uint32_t serial = frame.serial;
  auto request = control::decode_request(frame);
  if (!request && request.error() == control::DecodeError::kMalformed) {
    return false;
  }
  if (request ? !greet(frame, *request) : !peer_->greeted) {
    return false;
  }
  if (waiting_ && !is_for_now(frame.type)) {
    return postpone(std::move(frame));
  }
  if (!request) {
    return send(
        control::encode(control::Reply(control::Failure{
                            ErrorCode::kNoSupport,
                            text("this domain's monitor is older than that request; restart the domain")}),
                        serial));
  }
  const bool is_hello = std::holds_alternative<control::Hello>(*request);
  const std::shared_ptr<Peer> asked_by = peer_;
  control::Reply reply;
  try {
    reply = handler_(std::move(*request), std::move(frame));
  } catch (const Error& error) {
    reply = control::Failure{error.code(), error.what()};
  } catch (const std::exception& error) {
    // The host has no more threads, memory or descriptors.
    reply = control::Failure{ErrorCode::kOperationFailed,
                             text("the host can't do what the domain's monitor asks for: {}", error.what())};
  }
  if (peer_ != asked_by) {
    return true;  // Whoever asked has gone
  }
  if (!send(control::encode(reply, serial))) {
    return false;
  }
  if (is_hello && on_hello_) {
    on_hello_();
  }
  return true;
}

void ControlServer::wait_until(const std::function<bool()>& done, const std::function<void()>& on_hello) {
  waiting_ = true;
  interrupted_ = false;
  on_hello_ = on_hello;
  if (peer_version() > 0) {
    on_hello();
  }
  // What has been read already, and stands behind the request that waits
  if (peer_ && !answer_all()) {
    drop_peer();
    on_left_();
  }
  while (!done() && !interrupted_ && loop_.running()) {
    waiting_loop_.run_once();
  }
  waiting_ = false;
  on_hello_ = nullptr;
  if (!done()) {
    throw Error(ErrorCode::kOperationAborted, text("the guest ends; what was asked for is given up"));
  }
}

void ControlServer::publish(const control::Event& event) {
  if (peer_ && peer_->greeted && peer_->version >= first_version(event) && !send(control::encode(event))) {
    drop_peer();
  }
}

bool ControlServer::send(control::OutgoingFrame frame) {
  return peer_->writer.push(std::move(frame)).has_value() && flush();
}

bool ControlServer::flush() {
  const auto sent = peer_->writer.flush(peer_->socket.get());
  if (!sent) {
    return false;
  }
  for (const EventLoop::Source* source : {&peer_->watched.in_loop, &peer_->watched.in_waiting_loop}) {
    source->change(*sent ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }
  return true;
}

}  // namespace virtsev::vmm
