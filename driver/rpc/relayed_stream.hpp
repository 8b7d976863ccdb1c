// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream whose packets go through (PacketStream), at its client's end.
#pragma once

#include <utility>
#include <vector>

#include "driver/rpc/client_stream.hpp"
#include "driver/rpc/error_reply.hpp"
#include "driver/rpc/stream.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::rpc {

class RelayedStream final : public PacketStream, public ClientStream {
 public:
  RelayedStream(StreamWire wire, PacketHandlers handlers)
      : wire_(std::move(wire)), handlers_(std::move(handlers)) {}

  bool send(MessageType type, MessageStatus status, ByteView payload,
            std::function<void()> written) override {
    if (over_) {
      return false;
    }
    if (started_) {
      wire_.send(type, status, payload, std::move(written));
    } else {
      early_.push_back({type, status, {payload.begin(), payload.end()}, std::move(written)});
    }
    return true;
  }
  void end() override {
    if (!started_) {
      ends_early_ = true;
    } else if (!std::exchange(over_, true)) {
      wire_.over();
    }
  }
  void drained() override { wire_.drained(); }
  void fail(const Error& why) override {
    if (over_) {
      return;
    }
    xdr::Encoder payload;
    put_error(payload, why.code(), why.what());
    send(MessageType::kStream, MessageStatus::kError, payload.bytes(), {});
    end();
  }

  void start() override {
    started_ = true;
    for (Packet& packet : std::exchange(early_, {})) {
      wire_.send(packet.type, packet.status, packet.payload, std::move(packet.written));
    }
    if (ends_early_) {
      end();
    }
  }
  [[nodiscard]] bool started() const override { return started_; }
  bool take(MessageType type, MessageStatus status, StreamInput input) override {
    if (!over_) {
      handlers_.packet(type, status, ByteView(input.bytes).subspan(input.offset));
    }
    return true;
  }
  [[nodiscard]] std::size_t backlog() const override { return handlers_.backlog(); }
  void close() override { over_ = true; }

 private:
  struct Packet {
    MessageType type;
    MessageStatus status;
    Bytes payload;
    std::function<void()> written;
  };
  StreamWire wire_;
  PacketHandlers handlers_;
  std::vector<Packet> early_;  ///< At most one and a last: who sends waits until it is written
  bool started_ = false;
  bool ends_early_ = false;
  bool over_ = false;
};

}  // namespace virtsev::rpc
