// SPDX-License-Identifier: LGPL-2.1-or-later
// From a socket to an open connection: who listens, AUTH_LIST, CONNECT_OPEN, CONNECT_SET_IDENTITY.
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/daemon/relay/upstream.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::relay {
namespace {

// REMOTE_PROC_* and remote_auth_type of libvirt's src/remote/remote_protocol.x.
constexpr std::int32_t kConnectOpen = 1, kAuthList = 66, kAuthPolkit = 70, kSetIdentity = 419;
constexpr std::int32_t kAuthNone = 0, kAuthPolkitType = 2;
constexpr std::uint32_t kReadOnlyFlag = 1;  // VIR_CONNECT_RO

[[noreturn]] void fail(const std::string& daemon, const std::string& why) {
  throw Error(ErrorCode::kOperationFailed, text("libvirt's daemon at {}: {}", daemon, why));
}

/// Nothing where nobody listens there. It does not block: a UNIX socket takes a connection at once, or never.
std::optional<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return std::nullopt;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    fail(path, std::system_category().message(errno));
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return fd;
  }
  if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) {
    return std::nullopt;
  }
  fail(path, errno == EAGAIN ? text("it takes no connections at the moment; try again later")
                             : std::system_category().message(errno));
}

/// What a client asks for is not to reach a stranger who has made a socket there.
void require_trusted(int fd, const std::string& path) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      (peer.uid != 0 && peer.uid != ::geteuid())) {
    fail(path, text("it runs as user {}, whom virtsevd does not trust; end it", peer.uid));
  }
}

asio::awaitable<void> authenticate(std::shared_ptr<Upstream> upstream) {
  const Upstream::Reply list = co_await upstream->call(kAuthList, {});
  xdr::Decoder in(list.payload());
  constexpr std::uint32_t kMostTypes = 20;  // REMOTE_AUTH_TYPE_LIST_MAX
  const std::uint32_t count = in.get_count(kMostTypes);
  bool none = count == 0;
  bool polkit = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::int32_t type = in.get_int32();
    none = none || type == kAuthNone;
    polkit = polkit || type == kAuthPolkitType;
  }
  if (!in.ok()) {
    fail(upstream->daemon(), text("its answer is not one of libvirt's protocol"));
  }
  if (!none && !polkit) {
    fail(upstream->daemon(),
         text("it asks for a password (auth_unix_rw in its configuration), which virtsevd does "
              "not have"));
  }
  if (!none) {
    co_await upstream->call(kAuthPolkit, {});
  }
}

asio::awaitable<void> open(std::shared_ptr<Upstream> upstream, const Purpose& purpose) {
  co_await authenticate(upstream);
  xdr::Encoder arguments;
  arguments.put_bool(true);
  arguments.put_string(purpose.uri);
  arguments.put_uint32(purpose.read_only ? kReadOnlyFlag : 0);
  co_await upstream->call(kConnectOpen, arguments.bytes());
  if (!purpose.identity.empty()) {
    co_await upstream->call(kSetIdentity, purpose.identity);
  }
}

}  // namespace

asio::awaitable<std::shared_ptr<Upstream>> connect_upstream(asio::any_io_executor executor, Purpose purpose,
                                                            std::shared_ptr<rpc::MemoryBudget> budget,
                                                            Upstream::Hooks hooks) {
  for (const Place& place : places_of(purpose.kind, purpose.directory, purpose.read_only)) {
    std::optional<UniqueFd> socket = connect_to(place.path);
    if (!socket) {
      continue;
    }
    require_trusted(socket->get(), place.path);
    const auto upstream =
        std::make_shared<Upstream>(executor, place.path, std::move(*socket), budget, purpose.reader);
    upstream->start(std::move(hooks));
    asio::steady_timer limit(executor, purpose.patience);
    limit.async_wait([weak = std::weak_ptr(upstream)](const asio::error_code& error) {
      const auto late = weak.lock();
      if (!error && late) {
        late->close(text("libvirt's daemon at {} does not answer", late->daemon()));
      }
    });
    try {
      co_await open(upstream, purpose);
    } catch (...) {
      upstream->close(text("the connection to libvirt's daemon at {} could not be opened", place.path));
      throw;
    }
    limit.cancel();
    co_return upstream;
  }
  co_return nullptr;
}

}  // namespace virtsev::daemon::relay
