// SPDX-License-Identifier: LGPL-2.1-or-later
// A connection's life: beginning, limits, keepalive, end.
#include "driver/rpc/connection.hpp"

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include "driver/rpc/relayed_stream.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::rpc {

Connection::Connection(std::shared_ptr<ConnectionHost> host, std::uint64_t id, UniqueFd socket,
                       bool read_only, const PeerCredentials& peer)
    : host_(std::move(host)),
      id_(id),
      read_only_(read_only),
      peer_(peer),
      reader_(read_only ? std::optional(peer.uid) : std::nullopt),
      transport_(std::make_shared<Transport>(host_->executor, std::move(socket), host_->budget, reader_)),
      room_(host_->executor),
      open_deadline_(host_->executor),
      message_deadline_(host_->executor),
      keepalive_timer_(host_->executor) {}

void Connection::start() {
  const std::weak_ptr<Connection> weak = weak_from_this();
  transport_->set_failure_handler([weak] {
    if (const auto self = weak.lock()) {
      self->close();
    }
  });
  transport_->set_drain_handler(host_->limits.output_pause, [weak] {
    if (const auto self = weak.lock()) {
      self->room_.notify();
    }
  });
  open_deadline_.expires_after(host_->limits.open_deadline);
  open_deadline_.async_wait([weak](const asio::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->opened_) {
      self->close();
    }
  });
  asio::co_spawn(host_->executor, read_all(shared_from_this()),
                 [self = shared_from_this()](const std::exception_ptr&) { self->close(); });
}

bool Connection::has_room() const {
  if (in_flight_ >= host_->limits.max_client_requests || transport_->queued() >= host_->limits.output_pause) {
    return false;
  }
  for (const auto& [key, stream] : streams_) {
    if (stream->backlog() >= host_->limits.stream_pause) {
      return false;
    }
  }
  return true;
}

/// While nothing is read, the end of the connection does not show by itself.
void Connection::watch_while_paused() {
  transport_->watch_for_hangup([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->reading_) {
      self->close();
    }
  });
}

void Connection::set_open() {
  if (!opened_) {
    opened_ = true;
    open_deadline_.cancel();
    host_->opened(id_);
  }
}

void Connection::start_keepalive() {
  const bool wanted = host_->limits.keepalive_interval > std::chrono::milliseconds::zero();
  if (wanted && !keepalive_ && !closed_) {
    keepalive_.emplace(host_->limits.keepalive_interval, host_->limits.keepalive_count,
                       Keepalive::Clock::now());
    schedule_keepalive();
  }
}

/// While the client is not read, its answers may be waiting on the socket; unless that is because it takes
/// nothing of what it was sent.
bool Connection::silence_is_ours() {
  const bool takes_output = transport_->taken() != taken_before_;
  taken_before_ = transport_->taken();
  return !reading_ && (takes_output || transport_->queued() < host_->limits.output_pause);
}

void Connection::schedule_keepalive() {
  keepalive_timer_.expires_at(keepalive_->due());
  keepalive_timer_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->closed_) {
      return;
    }
    const auto now = Keepalive::Clock::now();
    if (self->silence_is_ours()) {
      self->keepalive_->heard(now);
    }
    switch (self->keepalive_->check(now)) {
      case Keepalive::Verdict::kDead:
        self->close();
        return;
      case Keepalive::Verdict::kPing: {
        Header ping;
        ping.program = kKeepaliveProgram;
        ping.procedure = kKeepalivePing;
        ping.type = MessageType::kMessage;
        self->transport_->send(make_message(ping));
        break;
      }
      case Keepalive::Verdict::kAlive:
        break;
    }
    if (!self->closed_) {
      self->schedule_keepalive();
    }
  });
}

void Connection::send_event(std::int32_t procedure, ByteView payload) {
  if (closed_) {
    return;
  }
  Header header;
  header.procedure = procedure;
  header.type = MessageType::kMessage;
  header.serial = kEventSerial;
  Bytes message = make_message(header, payload);
  const std::size_t size = message.size();
  if (queued_events_ + size > host_->limits.max_queued_events) {
    close();
    return;
  }
  queued_events_ += size;
  transport_->send(std::move(message), [this, size] { queued_events_ -= size; });
}

void Connection::require_stream_place(const StreamKey& key) const {
  if (closed_) {
    throw Error(ErrorCode::kRpc, text("the client is gone"));
  }
  if (streams_.size() >= host_->limits.max_client_streams || streams_.contains(key)) {
    throw Error(ErrorCode::kResourceBusy,
                text("this connection has {} streams open: close one first", streams_.size()));
  }
}

StreamWire Connection::wire_for(const StreamKey& key) {
  const std::weak_ptr<Connection> weak = weak_from_this();
  StreamWire wire;
  wire.send = [weak, key](MessageType type, MessageStatus status, ByteView payload,
                          std::function<void()> written) {
    if (const auto self = weak.lock()) {
      Header packet;
      packet.procedure = key.first;
      packet.type = type;
      packet.serial = key.second;
      packet.status = status;
      self->transport_->send(make_message(packet, payload), std::move(written));
    }
  };
  wire.drained = [weak] {
    if (const auto self = weak.lock()) {
      self->room_.notify();
    }
  };
  wire.over = [weak, key] {
    if (const auto self = weak.lock()) {
      self->streams_.erase(key);
      self->room_.notify();
    }
  };
  return wire;
}

std::weak_ptr<Stream> Connection::open_stream(const Call& call, UniqueFd descriptor,
                                              std::function<void()> ended) {
  const StreamKey key{call.procedure, call.serial};
  require_stream_place(key);
  const auto stream = std::make_shared<FdStream>(
      host_->executor, std::move(descriptor), wire_for(key),
      StreamLimits{host_->limits.stream_pause, host_->limits.stream_stall}, std::move(ended));
  streams_.emplace(key, stream);
  return stream;
}

std::weak_ptr<PacketStream> Connection::open_packet_stream(const Call& call, PacketHandlers handlers) {
  const StreamKey key{call.procedure, call.serial};
  require_stream_place(key);
  const auto stream = std::make_shared<RelayedStream>(wire_for(key), std::move(handlers));
  streams_.emplace(key, stream);
  return stream;
}

void Connection::close() {
  if (closed_) {
    return;
  }
  closed_ = true;
  transport_->close();
  open_deadline_.cancel();
  message_deadline_.cancel();
  keepalive_timer_.cancel();
  room_.notify();
  // Whoever sends an event may be walking over all clients: the Service hears of the end only after that.
  asio::post(host_->executor, [self = shared_from_this()] {
    self->host_->service.disconnected(*self);
    for (const auto& [key, stream] : std::exchange(self->streams_, {})) {
      stream->close();
    }
    self->report_end();
  });
}

void Connection::report_end() {
  if (closed_ && running_ == 0 && streams_.empty() && !std::exchange(end_reported_, true)) {
    host_->service.closed(*this);
    host_->gone(id_);
  }
}

}  // namespace virtsev::rpc
