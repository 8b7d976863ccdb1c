// SPDX-License-Identifier: LGPL-2.1-or-later
// A client without a connection: it writes down what it is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/rpc/client.hpp"

namespace virtsev::daemon::test {

struct FakeStream final : rpc::Stream {
  void fail(const Error& why) override {
    failure = why.what();
    end();
  }
  /// The client has finished, or is gone.
  void end() {
    descriptor.reset();
    if (const auto call = std::exchange(ended, nullptr)) {
      call();
    }
  }
  UniqueFd descriptor;
  std::function<void()> ended;
  std::optional<std::string> failure;
};

struct FakePacketStream final : rpc::PacketStream {
  struct Packet {
    rpc::MessageType type;
    rpc::MessageStatus status;
    Bytes payload;
  };
  bool send(rpc::MessageType type, rpc::MessageStatus status, ByteView payload,
            std::function<void()> written) override {
    packets.push_back({type, status, {payload.begin(), payload.end()}});
    if (written) {
      reads ? written() : unread.push_back(std::move(written));
    }
    return true;
  }
  void end() override { ended = true; }
  void drained() override {}
  void fail(const Error& why) override {
    failure = why.what();
    ended = true;
  }
  bool reads = true;  ///< Takes what is sent at once
  std::vector<std::function<void()>> unread;
  rpc::PacketHandlers handlers;
  std::vector<Packet> packets;
  bool ended = false;
  std::optional<std::string> failure;
};

class FakeClient final : public rpc::Client {
 public:
  struct Event {
    std::int32_t procedure;
    Bytes payload;
  };

  explicit FakeClient(std::uint64_t id = 1, bool read_only = false, rpc::PeerCredentials peer = {})
      : id_(id), read_only_(read_only), peer_(peer) {}
  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] bool read_only() const override { return read_only_; }
  [[nodiscard]] const rpc::PeerCredentials& peer() const override { return peer_; }
  void set_open() override { open = true; }
  void start_keepalive() override { keepalive = true; }
  void close_after_reply() override { closing = true; }
  void send_event(std::int32_t procedure, ByteView payload) override {
    events.push_back({procedure, {payload.begin(), payload.end()}});
  }
  std::weak_ptr<rpc::Stream> open_stream(const rpc::Call&, UniqueFd descriptor,
                                         std::function<void()> ended) override {
    auto stream = std::make_shared<FakeStream>();
    stream->descriptor = std::move(descriptor);
    stream->ended = std::move(ended);
    streams.push_back(stream);
    return stream;
  }

  std::weak_ptr<rpc::PacketStream> open_packet_stream(const rpc::Call&,
                                                      rpc::PacketHandlers handlers) override {
    auto stream = std::make_shared<FakePacketStream>();
    stream->handlers = std::move(handlers);
    packet_streams.push_back(stream);
    return stream;
  }

  bool open = false, keepalive = false, closing = false;
  std::vector<Event> events;
  std::vector<std::shared_ptr<FakeStream>> streams;
  std::vector<std::shared_ptr<FakePacketStream>> packet_streams;

 private:
  std::uint64_t id_;
  bool read_only_;
  rpc::PeerCredentials peer_;
};

}  // namespace virtsev::daemon::test
