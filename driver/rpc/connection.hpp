// SPDX-License-Identifier: LGPL-2.1-or-later
// One client: takes its messages apart and gives calls to the Service, packets to streams, pings to the
// keepalive.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <asio/steady_timer.hpp>

#include "driver/rpc/client.hpp"
#include "driver/rpc/fd_stream.hpp"
#include "driver/rpc/gate.hpp"
#include "driver/rpc/keepalive.hpp"
#include "driver/rpc/message.hpp"
#include "driver/rpc/server.hpp"
#include "driver/rpc/transport.hpp"

namespace virtsev::rpc {

/// What a connection needs of its server.
struct ConnectionHost {
  asio::any_io_executor executor;
  Service& service;
  ServerLimits limits;
  std::shared_ptr<MemoryBudget> budget;
  std::function<void(std::uint64_t id)> opened, gone;
};

class Connection final : public Client, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ConnectionHost> host, std::uint64_t id, UniqueFd socket, bool read_only,
             const PeerCredentials& peer);
  void start();
  void close();
  [[nodiscard]] bool opened() const { return opened_; }

  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] bool read_only() const override { return read_only_; }
  [[nodiscard]] const PeerCredentials& peer() const override { return peer_; }
  void set_open() override;
  void start_keepalive() override;
  void close_after_reply() override { close_requested_ = true; }
  void send_event(std::int32_t procedure, ByteView payload) override;
  std::weak_ptr<Stream> open_stream(const Call& call, UniqueFd descriptor,
                                    std::function<void()> ended) override;
  std::weak_ptr<PacketStream> open_packet_stream(const Call& call, PacketHandlers handlers) override;

 private:
  /// A message as it was read: its payload begins at `payload_offset` of `bytes`.
  struct Incoming {
    Header header;
    Bytes bytes;
    std::size_t payload_offset = kHeaderSize;
    MemoryBudget::Share share;
  };
  struct Failure {
    ErrorCode code;
    std::string message;
    std::optional<std::int32_t> domain;  ///< Of another daemon's error; else by error_domain()
  };
  using StreamKey = std::pair<std::int32_t, std::uint32_t>;  // procedure, serial
  /// Throws Error where there can't be one more for this call.
  void require_stream_place(const StreamKey& key) const;
  StreamWire wire_for(const StreamKey& key);

  static asio::awaitable<void> read_all(std::shared_ptr<Connection> self);
  static asio::awaitable<void> run_call(std::shared_ptr<Connection> self, Incoming request);
  asio::awaitable<std::optional<Incoming>> read_message();
  asio::awaitable<bool> discard_descriptors(Incoming& message);
  asio::awaitable<bool> read_rest(Incoming& message, std::size_t wanted);
  [[nodiscard]] std::size_t longest_message() const;
  void expect_more();
  void watch_message_deadline();
  [[nodiscard]] bool has_room() const;

  /// False where the connection can't go on.
  bool dispatch(Incoming message);
  void dispatch_keepalive(const Header& header);
  bool dispatch_stream(Incoming message);
  void begin_call(Incoming message);
  void end_call(const Header& request, xdr::Encoder reply, std::optional<Failure> failure);
  void send_failure(const Header& request, const Failure& failure, std::function<void()> written);

  void watch_while_paused();
  void schedule_keepalive();
  [[nodiscard]] bool silence_is_ours();
  void report_end();

  std::shared_ptr<ConnectionHost> host_;
  std::uint64_t id_;
  bool read_only_;
  PeerCredentials peer_;
  std::optional<uid_t> reader_;  ///< The peer's user, where the socket is the read-only one
  std::shared_ptr<Transport> transport_;
  Gate room_;  ///< Notified when has_room() may have become true
  asio::steady_timer open_deadline_, message_deadline_, keepalive_timer_;
  /// By when more of the message at hand has to be there; max() between messages.
  Keepalive::Clock::time_point more_due_ = Keepalive::Clock::time_point::max();
  bool deadline_armed_ = false;
  std::optional<Keepalive> keepalive_;
  std::map<StreamKey, std::shared_ptr<ClientStream>> streams_;
  std::size_t running_ = 0;    ///< Calls that the Service has not answered
  std::size_t in_flight_ = 0;  ///< Calls whose reply is not with the kernel
  std::size_t queued_events_ = 0;
  std::uint64_t taken_before_ = 0;  ///< Of transport_, when the keepalive last looked
  bool opened_ = false;
  bool reading_ = false;
  bool close_requested_ = false;
  bool closed_ = false;
  bool end_reported_ = false;
};

}  // namespace virtsev::rpc
