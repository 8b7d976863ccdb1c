// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/server.hpp"

#include <algorithm>
#include <cerrno>
#include <list>
#include <map>
#include <optional>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/rpc/connection.hpp"
#include "driver/rpc/gate.hpp"
#include "driver/rpc/strangers.hpp"

namespace virtsev::rpc {

namespace {

using Acceptor = asio::local::stream_protocol::acceptor;

std::optional<PeerCredentials> credentials_of(int socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return std::nullopt;
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

/// Clients may not take the descriptors that the daemon needs to serve them: half of RLIMIT_NOFILE is theirs.
ServerLimits within_descriptors(ServerLimits limits) {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    limits.max_clients = std::min<std::size_t>(limits.max_clients, descriptors.rlim_cur / 2);
  }
  return limits;
}

/// Until there is polkit, read-write access is for root and for the daemon's own user.
bool may_write(const PeerCredentials& peer) { return peer.uid == 0 || peer.uid == geteuid(); }

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
  struct Listener {
    Acceptor acceptor;
    bool read_only;
    Strangers strangers;
  };
  struct Peer {
    std::shared_ptr<Connection> connection;
    Listener* listener = nullptr;  ///< Null: it came in by serve()
  };

  Impl(asio::io_context& io, Service& service, const ServerLimits& limits)
      : host(
            std::make_shared<ConnectionHost>(ConnectionHost{io.get_executor(),
                                                            service,
                                                            within_descriptors(limits),
                                                            std::make_shared<MemoryBudget>(limits.max_memory),
                                                            {},
                                                            {}})),
        room(io.get_executor()),
        recheck(io.get_executor()) {}

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self, Listener& listener);
  [[nodiscard]] std::size_t places(bool read_only) const;
  void make_room(const Listener& newcomer);
  [[nodiscard]] bool takes_too_much(const PeerCredentials& reader) const;
  void admit(UniqueFd socket, bool read_only, Listener* listener);
  void greet_stranger(std::uint64_t id, uid_t user, Listener& listener);
  void close(std::uint64_t id);
  void forget(std::uint64_t id);
  void stop();

  std::shared_ptr<ConnectionHost> host;
  Gate room;  ///< Notified when there may be a place again
  asio::steady_timer recheck;
  std::list<Listener> listeners;
  std::map<std::uint64_t, Peer> peers;
  std::map<uid_t, std::size_t> readers;  ///< Of peers, by user; no entry holds 0
  std::function<void(std::size_t)> observer;
  std::uint64_t last_id = 0;
  bool stopped = false;
};

std::size_t Server::Impl::places(bool read_only) const {
  const std::size_t all = host->limits.max_clients;
  return read_only ? all - all / 10 : all;
}

/// A stranger goes, where one has been there for a while; else it is looked again when one has. Readers'
/// first; a reader can't push others out.
void Server::Impl::make_room(const Listener& newcomer) {
  std::optional<Strangers::Candidate> victim;
  for (const Listener& listener : listeners) {
    if (const auto first = listener.strangers.first_to_go();
        first && (listener.read_only || !newcomer.read_only) && (!victim || listener.read_only)) {
      victim = first;
    }
  }
  if (!victim) {
    return;
  }
  const auto due = victim->since + host->limits.unopened_patience;
  if (due <= Strangers::Clock::now()) {
    close(victim->id);
    return;
  }
  if (recheck.expiry() > Strangers::Clock::now() && recheck.expiry() <= due) {
    return;  // Looked at soon enough
  }
  recheck.expires_at(due);
  recheck.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->room.notify();
    }
  });
}

asio::awaitable<void> Server::Impl::accept_all(std::shared_ptr<Impl> self, Listener& listener) {
  while (!self->stopped) {
    asio::error_code error;
    co_await listener.acceptor.async_wait(Acceptor::wait_read,
                                          asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      co_return;
    }
    if (self->peers.size() >= self->places(listener.read_only)) {
      self->make_room(listener);
      co_await self->room.wait();
      continue;
    }
    // Not Asio's accept: its descriptors are inherited by the programs that the daemon starts.
    UniqueFd socket(
        accept4(listener.acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      self->admit(std::move(socket), listener.read_only, &listener);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      // The next client that goes makes room; but other things hold descriptors too.
      asio::steady_timer pause(self->host->executor, std::chrono::seconds(1));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Server::Impl::admit(UniqueFd socket, bool read_only, Listener* listener) {
  const std::optional<PeerCredentials> peer = credentials_of(socket.get());
  if (stopped || !peer || (!read_only && !may_write(*peer))) {
    return;
  }
  if (read_only && takes_too_much(*peer)) {
    return;
  }
  const std::uint64_t id = ++last_id;
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(host, id, std::move(socket), read_only, *peer);
  } catch (const std::system_error&) {
    return;  // no memory in the kernel to wait for it: this client alone is lost
  }
  peers.emplace(id, Peer{connection, listener});
  if (read_only) {
    ++readers[peer->uid];
  }
  connection->start();
  if (listener != nullptr) {
    greet_stranger(id, peer->uid, *listener);
  }
  if (observer) {
    observer(peers.size());
  }
}

/// Readers come in by a socket that is open to everybody: one user must not have all their places.
bool Server::Impl::takes_too_much(const PeerCredentials& reader) const {
  if (may_write(reader)) {
    return false;
  }
  const auto own = readers.find(reader.uid);
  return own != readers.end() && own->second >= places(true) / 2;
}

void Server::Impl::greet_stranger(std::uint64_t id, uid_t user, Listener& listener) {
  const auto now = Strangers::Clock::now();
  listener.strangers.add(id, user, now);
  const StrangerShare share{host->limits.max_unopened, host->limits.unopened_patience};
  if (const auto oldest = listener.strangers.beyond_share(user, share, now)) {
    close(*oldest);
  }
}

void Server::Impl::close(std::uint64_t id) {
  if (const auto found = peers.find(id); found != peers.end()) {
    if (found->second.listener != nullptr) {
      found->second.listener->strangers.remove(id);
    }
    const auto connection = found->second.connection;
    connection->close();  // Calls forget(), later
  }
}

void Server::Impl::forget(std::uint64_t id) {
  const auto found = peers.find(id);
  if (found == peers.end()) {
    return;
  }
  if (found->second.listener != nullptr) {
    found->second.listener->strangers.remove(id);
  }
  const Connection& connection = *found->second.connection;
  if (const auto own = connection.read_only() ? readers.find(connection.peer().uid) : readers.end();
      own != readers.end() && --own->second == 0) {
    readers.erase(own);
  }
  peers.erase(found);
  room.notify();
  if (observer) {
    observer(peers.size());
  }
}

void Server::Impl::stop() {
  if (std::exchange(stopped, true)) {
    return;
  }
  for (Listener& listener : listeners) {
    asio::error_code ignored;
    listener.acceptor.close(ignored);
  }
  room.notify();
  recheck.cancel();
  for (const auto& [id, peer] : peers) {
    peer.connection->close();
  }
}

Server::Server(asio::io_context& io, Service& service, ServerLimits limits)
    : impl_(std::make_shared<Impl>(io, service, limits)) {
  const std::weak_ptr<Impl> weak = impl_;
  impl_->host->opened = [weak](std::uint64_t id) {
    if (const auto impl = weak.lock()) {
      if (const auto found = impl->peers.find(id);
          found != impl->peers.end() && found->second.listener != nullptr) {
        found->second.listener->strangers.remove(id);
      }
    }
  };
  impl_->host->gone = [weak](std::uint64_t id) {
    if (const auto impl = weak.lock()) {
      impl->forget(id);
    }
  };
}

Server::~Server() { impl_->stop(); }

void Server::listen(UniqueFd socket, bool read_only) {
  Acceptor acceptor(impl_->host->executor);
  acceptor.assign(asio::local::stream_protocol(), socket.get());
  static_cast<void>(socket.release());
  acceptor.non_blocking(true);
  Impl::Listener& listener =
      impl_->listeners.emplace_back(Impl::Listener{std::move(acceptor), read_only, {}});
  asio::co_spawn(impl_->host->executor, Impl::accept_all(impl_, listener), asio::detached);
}

void Server::serve(UniqueFd socket, bool read_only) { impl_->admit(std::move(socket), read_only, nullptr); }

void Server::set_limits(const ServerLimits& limits) {
  impl_->host->limits = within_descriptors(limits);
  impl_->room.notify();
}

std::size_t Server::clients() const { return impl_->peers.size(); }

void Server::set_clients_observer(std::function<void(std::size_t)> observer) {
  impl_->observer = std::move(observer);
}

void Server::stop() { impl_->stop(); }

}  // namespace virtsev::rpc
