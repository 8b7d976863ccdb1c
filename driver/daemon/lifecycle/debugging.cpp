// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory and registers for whoever debugs it: virDomainMemoryPeek, virDomainCoreDump, gdb.
#include <algorithm>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::uint32_t kReadsMemory = 2;  // Of the control protocol

template <typename Content>
const Content& expect(const control::Reply& reply) {
  const auto* content = std::get_if<Content>(&reply);
  if (content == nullptr) {
    throw Error(ErrorCode::kInternal, text("the monitor answered a debugger with something else"));
  }
  return *content;
}

// What the monitor gave, of the length that was asked for.
const Bytes& content_of(const control::Reply& reply, std::uint32_t length) {
  const Bytes& bytes = expect<control::MemoryContent>(reply).bytes;
  if (bytes.size() != length) {
    throw Error(ErrorCode::kInternal, text("the monitor answered a reading of memory with something else"));
  }
  return bytes;
}

}  // namespace

asio::awaitable<Lifecycle::RunPtr> Lifecycle::debuggable(DomainPtr domain, std::uint32_t version) {
  {
    // A launch or a reconnection under way comes first.
    const auto queue = domain->jobs;
    const auto turn = co_await queue->take();
  }
  require_active(*domain);
  RunPtr run = domain->run;
  if (is_in_transit(domain->life)) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("Requested operation is not valid: the launch of domain '{}' is under way", domain->name));
  }
  if (run->monitor && run->monitor->version() == 0) {
    throw Error(ErrorCode::kOperationTimeout,
                text("the monitor of domain '{}' has not answered since virtsevd was started", domain->name));
  }
  if (run->monitor && run->monitor->version() < version) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("the monitor of domain '{}' is of an older virtsev, and can't do that for debuggers; shut the "
             "domain down and start it again",
             domain->name));
  }
  co_return run;
}

// Piece by piece, so a guest that runs may change its memory in between.
asio::awaitable<Bytes> Lifecycle::read_memory(DomainPtr domain, control::AddressKind kind,
                                              std::uint64_t address, std::uint32_t size, std::uint32_t vcpu) {
  const RunPtr run = co_await debuggable(domain, kReadsMemory);
  Bytes all;
  all.reserve(size);
  do {
    control::ReadMemory read;
    read.address = address + all.size();
    read.length = std::min(control::kMaxMemoryRead, size - static_cast<std::uint32_t>(all.size()));
    read.kind = kind;
    read.vcpu = vcpu;
    control::Request request = read;
    const control::Reply reply = co_await ask(run, std::move(request));
    const Bytes& piece = content_of(reply, read.length);
    all.insert(all.end(), piece.begin(), piece.end());
  } while (all.size() < size);
  co_return all;
}

asio::awaitable<void> Lifecycle::write_memory(DomainPtr domain, control::AddressKind kind,
                                              std::uint64_t address, Bytes bytes, std::uint32_t vcpu) {
  const RunPtr run = co_await debuggable(domain, kDebuggerVersion);
  control::Request request = control::WriteMemory{address, kind, vcpu, std::move(bytes)};
  const control::Reply reply = co_await ask(run, std::move(request));
  expect<control::Done>(reply);
}

asio::awaitable<control::VcpuRegisters> Lifecycle::read_registers(DomainPtr domain, std::uint32_t vcpu) {
  const RunPtr run = co_await debuggable(domain, kDebuggerVersion);
  control::Request request = control::ReadRegisters{vcpu};
  const control::Reply reply = co_await ask(run, std::move(request));
  co_return expect<control::RegisterContent>(reply).registers;
}

asio::awaitable<void> Lifecycle::write_registers(DomainPtr domain, std::uint32_t vcpu,
                                                 control::VcpuRegisters registers) {
  const RunPtr run = co_await debuggable(domain, kDebuggerVersion);
  control::Request request = control::WriteRegisters{vcpu, registers};
  const control::Reply reply = co_await ask(run, std::move(request));
  expect<control::Done>(reply);
}

asio::awaitable<control::MemoryRanges> Lifecycle::list_memory(DomainPtr domain) {
  const RunPtr run = co_await debuggable(domain, kDebuggerVersion);
  control::Request request = control::ListMemory{};
  const control::Reply reply = co_await ask(run, std::move(request));
  co_return expect<control::MemoryRanges>(reply);
}

}  // namespace virtsev::daemon
