// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection to one of libvirt's own daemons, as its client: calls, the streams that calls open, events.
// It sends nothing by itself but the calls that open it. Threads: the event loop's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include "driver/daemon/relay/kind.hpp"
#include "driver/rpc/client.hpp"
#include "driver/rpc/gate.hpp"
#include "driver/rpc/message.hpp"
#include "driver/rpc/transport.hpp"

namespace virtsev::daemon::relay {

/// For whom a connection is made, and as what.
struct Purpose {
  Kind kind = Kind::kNetwork;
  std::string directory;                      ///< Of the sockets
  std::string uri;                            ///< "storage:///system"
  bool read_only = false;                     ///< Nothing is to be changed over it
  std::optional<uid_t> reader;                ///< Whose memory it is (rpc/memory_budget.hpp)
  Bytes identity;                             ///< Arguments of CONNECT_SET_IDENTITY: for whom virtsevd asks
  std::chrono::milliseconds patience{10000};  ///< Until it is open
};

class Upstream : public std::enable_shared_from_this<Upstream> {
 public:
  struct Reply {
    bool failed = false;
    Bytes message;  ///< With its header; of a failure, too
    rpc::MemoryBudget::Share share;
    [[nodiscard]] ByteView payload() const { return ByteView(message).subspan(rpc::kHeaderSize); }
  };
  /// Called where the reply is read, before anything that follows it.
  using AtOnce = std::function<void(const Reply& reply)>;
  struct Hooks {
    std::function<void(std::int32_t procedure, ByteView payload)> event;
    std::function<void()> lost;  ///< Called once, and not by close()
  };

  Upstream(const asio::any_io_executor& executor, std::string daemon, UniqueFd socket,
           std::shared_ptr<rpc::MemoryBudget> budget, std::optional<uid_t> reader);

  /// Begins to read.
  void start(Hooks hooks);
  /// Throws Error where the connection is lost meanwhile, or the daemon's own (rpc::ForeignError).
  asio::awaitable<Reply> call(std::int32_t procedure, ByteView arguments, AtOnce at_once = {});
  /// The same for a call that opens a stream, whose packets go to `client`'s and come from it by
  /// stream_packet().
  asio::awaitable<Reply> call_with_stream(std::int32_t procedure, ByteView arguments,
                                          std::weak_ptr<rpc::PacketStream> client, std::uint32_t& serial);
  void stream_packet(std::int32_t procedure, std::uint32_t serial, rpc::MessageType type,
                     rpc::MessageStatus status, ByteView payload);
  /// Bytes that the daemon has not taken yet.
  [[nodiscard]] std::size_t backlog() const { return transport_->queued(); }
  [[nodiscard]] bool lost() const { return !loss_.empty(); }
  [[nodiscard]] const std::string& daemon() const { return daemon_; }
  /// Whoever waits is told `why`, and streams end with it.
  void close(const std::string& why);

 private:
  struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor) : gate(executor) {}
    rpc::Gate gate;
    std::optional<Reply> reply;
    AtOnce at_once;
  };
  struct Message {
    rpc::Header header;
    Reply content;
  };
  static asio::awaitable<void> read_all(std::shared_ptr<Upstream> self);
  asio::awaitable<std::optional<Message>> read_message();
  /// False where the daemon breaks the protocol.
  asio::awaitable<bool> dispatch(Message message);
  asio::awaitable<void> pass_on(Message message);
  asio::awaitable<Reply> ask(std::uint32_t serial, std::int32_t procedure, ByteView arguments,
                             AtOnce at_once);
  void lose(const std::string& why);

  asio::any_io_executor executor_;
  std::string daemon_;  ///< Its socket, for messages
  std::shared_ptr<rpc::MemoryBudget> budget_;
  std::optional<uid_t> reader_;
  std::shared_ptr<rpc::Transport> transport_;
  rpc::Gate passed_on_;  ///< Notified when the client's kernel has a stream's packet
  Hooks hooks_;
  std::uint32_t next_serial_ = 0;
  std::map<std::uint32_t, std::shared_ptr<Waiting>> waiting_;
  std::map<std::uint32_t, std::weak_ptr<rpc::PacketStream>> streams_;
  std::string loss_;  ///< Why; empty: it is there
};

/// Connects to the first daemon that listens, and opens its driver in the client's name. Null where there is
/// no such daemon. Throws Error where there is one that does not answer, or does not let virtsevd in.
asio::awaitable<std::shared_ptr<Upstream>> connect_upstream(asio::any_io_executor executor, Purpose purpose,
                                                            std::shared_ptr<rpc::MemoryBudget> budget,
                                                            Upstream::Hooks hooks);

}  // namespace virtsev::daemon::relay
