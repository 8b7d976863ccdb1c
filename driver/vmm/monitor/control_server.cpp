// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor's end of the control protocol.
#include "driver/vmm/monitor/control_server.hpp"

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

}  // namespace

ControlServer::ControlServer(EventLoop& loop, UniqueFd listener, std::vector<uid_t> allowed, Handler handler,
                             std::function<void()> on_left)
    : loop_(loop),
      listener_(std::move(listener)),
      allowed_(std::move(allowed)),
      handler_(std::move(handler)),
      on_left_(std::move(on_left)) {
  loop_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_peer(); });
}

ControlServer::~ControlServer() {
  drop_peer();
  loop_.remove(listener_.get());
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
  peer_ = std::make_unique<Peer>();
  peer_->socket = std::move(socket);
  loop_.add(peer_->socket.get(), EPOLLIN, [this](std::uint32_t events) { on_peer(events); });
}

void ControlServer::drop_peer() {
  if (peer_) {
    loop_.remove(peer_->socket.get());
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
  if (!control::receive(peer_->socket.get(), peer_->reader)) {
    return false;
  }
  while (true) {
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
}

bool ControlServer::answer(control::Frame frame) {
  const std::uint32_t serial = frame.serial;
  auto request = control::decode_request(frame);
  if (!request && request.error() == control::DecodeError::kMalformed) {
    return false;
  }
  const bool is_hello = request && std::holds_alternative<control::Hello>(*request);
  if (!peer_->greeted && !is_hello) {
    return false;
  }
  peer_->greeted = true;
  if (!request) {
    return send(
        control::encode(control::Reply(control::Failure{
                            ErrorCode::kNoSupport,
                            text("This domain's monitor is older than that request; restart the domain")}),
                        serial));
  }
  control::Reply reply;
  answering_ = true;  // The peer is in use: one that does not take events loses its answer, and then goes
  try {
    reply = handler_(std::move(*request), std::move(frame));
  } catch (const Error& error) {
    reply = control::Failure{error.code(), error.what()};
  } catch (const std::exception& error) {
    // The host has no more threads, memory or descriptors.
    reply = control::Failure{ErrorCode::kOperationFailed,
                             text("The host can't do what the domain's monitor asks for: {}", error.what())};
  }
  answering_ = false;
  return send(control::encode(reply, serial));
}

void ControlServer::publish(const control::Event& event) {
  if (peer_ && peer_->greeted && !send(control::encode(event)) && !answering_) {
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
  loop_.change(peer_->socket.get(), *sent ? EPOLLIN : EPOLLIN | EPOLLOUT);
  return true;
}

}  // namespace virtsev::vmm
