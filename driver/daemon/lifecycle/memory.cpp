// SPDX-License-Identifier: LGPL-2.1-or-later
// Guest memory for whoever debugs it (virDomainMemoryPeek).
#include <algorithm>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::uint32_t kFirstVersion = 2;  // Of the control protocol, with ReadMemory

// What the monitor gave, of the length that was asked for.
const Bytes& content_of(const control::Reply& reply, std::uint32_t length) {
  const auto* memory = std::get_if<control::MemoryContent>(&reply);
  if (memory == nullptr || memory->bytes.size() != length) {
    throw Error(ErrorCode::kInternal, text("the monitor answered a reading of memory with something else"));
  }
  return memory->bytes;
}

}  // namespace

// Piece by piece, so a guest that runs may change its memory in between; and without the domain's turn, as
// nobody who ends a guest should have to wait for those who read it.
asio::awaitable<Bytes> Lifecycle::read_memory(DomainPtr domain, control::AddressKind kind,
                                              std::uint64_t address, std::uint32_t size) {
  {
    // A launch or a reconnection under way comes first.
    const auto queue = domain->jobs;
    const auto turn = co_await queue->take();
  }
  require_active(*domain);
  const RunPtr run = domain->run;
  if (run->starting) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("Requested operation is not valid: the launch of domain '{}' is under way", domain->name));
  }
  if (run->monitor && run->monitor->version() < kFirstVersion) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("the monitor of domain '{}' is of an older virtsev, and can't read guest memory; shut the "
             "domain down and start it again",
             domain->name));
  }
  Bytes all;
  all.reserve(size);
  do {
    control::ReadMemory read;
    read.address = address + all.size();
    read.length = std::min(control::kMaxMemoryRead, size - static_cast<std::uint32_t>(all.size()));
    read.kind = kind;
    control::Request request = read;
    const control::Reply reply = co_await ask(run, std::move(request));
    const Bytes& piece = content_of(reply, read.length);
    all.insert(all.end(), piece.begin(), piece.end());
  } while (all.size() < size);
  co_return all;
}

}  // namespace virtsev::daemon
