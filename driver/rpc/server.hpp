// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's RPC server: accepts clients, reads packets, keeps connections alive, carries replies, events and
// streams. It knows no domain: each call goes to a Service.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "driver/rpc/service.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace asio {
class io_context;
}

namespace virtsev::rpc {

/// No peer can make the server take more than these allow. The first four are libvirt's defaults; there are
/// never more clients than half of RLIMIT_NOFILE.
struct ServerLimits {
  std::size_t max_clients =
      5000;  ///< Then nobody is accepted; the last tenth is kept for the read-write socket, and no user may
             ///< have more than half of the rest for reading (root, and who runs the daemon, may)
  std::size_t max_client_requests = 5;                 ///< Calls in progress; then the client is not read
  std::chrono::milliseconds keepalive_interval{5000};  ///< 0: clients are not pinged
  unsigned keepalive_count = 5;

  std::size_t max_unopened = 64;  ///< Connections of one user and one socket that have opened nothing yet:
                                  ///< then each new one closes the oldest (strangers.hpp)
  std::chrono::milliseconds unopened_patience{
      1000};  ///< Before that, a connection is seldom closed for another
  std::chrono::milliseconds open_deadline{
      30000};                                ///< A connection that has opened nothing by then is dropped
  std::size_t max_unopened_message = 65536;  ///< Bytes
  std::size_t max_read_only_message =
      1U
      << 20;  ///< Bytes. The longest call of a reader, domain statistics, has 24 and a name for each domain
  std::chrono::milliseconds message_stall{
      60000};  ///< A message of which the next 4 KiB, or as much as came so far, takes longer is given up
  std::size_t max_memory = 256U << 20;  ///< Bytes of all messages being read or waiting to be sent;
                                        ///< MemoryBudget says who gets how much of it
  std::size_t output_pause =
      1U << 20;  ///< Bytes waiting to be sent to a client, from which on it is not read
  std::size_t max_queued_events =
      1U << 20;  ///< Bytes of events that a client has not read; then it is dropped
  std::chrono::milliseconds flush_deadline{5000};  ///< For the last reply, after CLOSE
  std::size_t max_client_streams = 64;
  std::size_t stream_pause =
      256U << 10;  ///< Bytes that a stream's descriptor has not taken; then the client is not read
  std::chrono::milliseconds stream_stall{
      5000};  ///< A descriptor that has taken nothing for so long, while its client waits, ends the stream
};

class Server {
 public:
  Server(asio::io_context& io, Service& service, ServerLimits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves a listening UNIX socket. A read-write socket takes peers with uid 0 or this process's own alone;
  /// a read-only one takes all that the file's mode lets in.
  void listen(UniqueFd socket, bool read_only);
  /// Serves a connected UNIX socket, by the same rules.
  void serve(UniqueFd socket, bool read_only);
  /// Counts at once for whoever is accepted and what is read from now on; clients whose keepalive has begun
  /// keep theirs. max_memory stays what it was.
  void set_limits(const ServerLimits& limits);
  [[nodiscard]] std::size_t clients() const;
  /// Called with clients() whenever it has changed (for an idle time-out).
  void set_clients_observer(std::function<void(std::size_t)> observer);
  /// Stops accepting, closes every client; then the io_context runs out of work, calls in progress apart.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace virtsev::rpc
