// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/relay.hpp"

#include <utility>

#include <unistd.h>

#include "driver/daemon/relay/identity.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::relay {
namespace {

/// What daemons have sent and was not passed on, and what was not taken by them, of all clients together.
constexpr std::size_t kMemory = 128U << 20;

}  // namespace

Relay::Relay(asio::any_io_executor executor, std::string directory)
    : executor_(std::move(executor)),
      directory_(std::move(directory)),
      budget_(std::make_shared<rpc::MemoryBudget>(kMemory)) {}

Relay::~Relay() {
  for (const auto& [id, links] : std::exchange(links_, {})) {
    for (const auto& link : links.by_kind) {
      if (link) {
        link->close();
      }
    }
  }
}

void Relay::require_room(std::optional<uid_t> reader) const {
  std::size_t all = 0;
  std::size_t of_reader = 0;
  for (const auto& [id, links] : links_) {
    for (const auto& link : links.by_kind) {
      const bool counts = link && link->in_use();
      all += counts ? 1 : 0;
      of_reader += counts && reader && links.reader == reader ? 1 : 0;
    }
  }
  if (all >= kMostLinks || of_reader >= kMostLinksOfAReader) {
    throw Error(
        ErrorCode::kResourceBusy,
        text("there are {} connections to libvirt's own daemons already; close a client's first", all));
  }
}

asio::awaitable<std::optional<Bytes>> Relay::call(rpc::Client& client, bool read_only, Bytes identity,
                                                  Kind kind, rpc::Call call, Bytes arguments) {
  // Until somebody else decides who may do what (polkit), this is who may change anything.
  const bool trusted = client.peer().uid == 0 || client.peer().uid == ::geteuid();
  const bool reads = read_only || !trusted;
  const std::optional<uid_t> reader = reads ? std::optional(client.peer().uid) : std::nullopt;
  const auto found = links_.find(client.id());
  std::shared_ptr<Link> link =
      found == links_.end() ? nullptr : found->second.by_kind[static_cast<std::size_t>(kind)];
  if (!link) {
    require_room(reader);
    Purpose purpose;
    purpose.kind = kind;
    purpose.directory = directory_;
    purpose.uri = std::string(scheme_of(kind)) + (::geteuid() == 0 ? ":///system" : ":///session");
    purpose.read_only = reads;
    purpose.reader = reader;
    purpose.identity = identity.empty() || !trusted ? identity_of(client.peer()) : std::move(identity);
    purpose.patience = patience_;
    link = std::make_shared<Link>(executor_, client, std::move(purpose), budget_);
    Links& links = links_[client.id()];
    links.reader = reader;
    links.by_kind[static_cast<std::size_t>(kind)] = link;
  }
  co_return co_await link->call(call, std::move(arguments));
}

void Relay::disconnected(rpc::Client& client) {
  const auto found = links_.find(client.id());
  if (found == links_.end()) {
    return;
  }
  const Links links = std::exchange(found->second, {});
  links_.erase(found);
  for (const auto& link : links.by_kind) {
    if (link) {
      link->close();
    }
  }
}

}  // namespace virtsev::daemon::relay
