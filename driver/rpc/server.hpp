// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's RPC server: accepts clients, reads packets, keeps connections alive, carries replies, events and streams. It knows no domain: each call goes
// to a Service.
#pragma once

#include <asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "driver/rpc/service.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace asio {
class io_context;
}

namespace virtsev::rpc {

struct ServerLimits {
  std::size_t max_clients = 5000;
  std::size_t max_client_requests = 5;
  std::chrono::seconds keepalive_interval{5};
  unsigned keepalive_count = 5;
};

class Server {
 public:
  Server(asio::io_context& io, Service& service, ServerLimits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves a listening UNIX socket. A read-write socket takes peers with uid 0 or this process's own alone; a read-only one takes all
  /// that the file's mode lets in.
  void listen(UniqueFd socket, bool read_only);
  [[nodiscard]] std::size_t clients() const;
  /// Stops accepting, closes every client; then the io_context runs out of work.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace virtsev::rpc
