// SPDX-License-Identifier: LGPL-2.1-or-later
// A debugger's way to a running domain.
#include <memory>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>
#include <sys/socket.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/gdb/session.hpp"
#include "driver/daemon/gdb/target.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

/// One run of a domain: a relaunch is another guest.
class DomainTarget final : public gdb::Target {
 public:
  DomainTarget(Lifecycle& lifecycle, DomainPtr domain)
      : lifecycle_(lifecycle), domain_(std::move(domain)), run_(domain_->run) {}
  ~DomainTarget() override {
    if (const auto run = run_.lock()) {
      run->on_change = nullptr;
    }
  }
  DomainTarget(const DomainTarget&) = delete;
  DomainTarget& operator=(const DomainTarget&) = delete;

  [[nodiscard]] std::uint32_t vcpus() const override {
    const auto run = run_.lock();
    return run ? run->definition->vcpus : 0;
  }
  [[nodiscard]] bool running() const override {
    return !gone() && domain_->state().state == VIR_DOMAIN_RUNNING;
  }
  [[nodiscard]] bool gone() const override {
    const auto run = run_.lock();
    return !run || domain_->run != run || is_in_transit(domain_->life);
  }

  asio::awaitable<Bytes> read_memory(control::AddressKind kind, std::uint32_t vcpu, std::uint64_t address,
                                     std::uint32_t size) override {
    require_there();
    return lifecycle_.read_memory(domain_, kind, address, size, vcpu);
  }
  asio::awaitable<void> write_memory(control::AddressKind kind, std::uint32_t vcpu, std::uint64_t address,
                                     Bytes bytes) override {
    require_there();
    return lifecycle_.write_memory(domain_, kind, address, std::move(bytes), vcpu);
  }
  asio::awaitable<control::VcpuRegisters> read_registers(std::uint32_t vcpu) override {
    require_there();
    return lifecycle_.read_registers(domain_, vcpu);
  }
  asio::awaitable<void> write_registers(std::uint32_t vcpu, control::VcpuRegisters registers) override {
    require_there();
    return lifecycle_.write_registers(domain_, vcpu, registers);
  }
  asio::awaitable<void> stop() override {
    if (running()) {
      co_await lifecycle_.suspend(domain_);
    }
  }
  asio::awaitable<void> go_on() override {
    require_there();
    if (!running()) {
      co_await lifecycle_.resume(domain_);
    }
  }
  asio::awaitable<void> destroy() override {
    require_there();
    return lifecycle_.destroy(domain_, false);
  }

 private:
  void require_there() const {
    if (gone()) {
      throw Error(ErrorCode::kOperationInvalid, text("the guest that was debugged has ended"));
    }
  }

  Lifecycle& lifecycle_;
  DomainPtr domain_;
  std::weak_ptr<Run> run_;
};

asio::awaitable<void> serve(std::shared_ptr<gdb::Session> session, std::string name) {
  log_info(text("domain '{}': a debugger is attached", name));
  co_await session->run();
  log_info(text("domain '{}': the debugger has gone", name));
}

}  // namespace

asio::awaitable<UniqueFd> Lifecycle::attach_debugger(DomainPtr domain) {
  const RunPtr run = co_await debuggable(domain, kDebuggerVersion);
  co_await read_memory(domain, control::AddressKind::kPhysical, 0, 0);  // Does its policy let us?
  if (domain->run != run || is_in_transit(domain->life)) {
    throw Error(ErrorCode::kOperationFailed, text("the guest ended before the request was done"));
  }
  if (run->on_change) {
    throw Error(ErrorCode::kOperationFailed,
                text("a debugger is attached to domain '{}' already; end it first", domain->name));
  }
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    throw Error(ErrorCode::kSystemError, text("cannot make a debugger's socket: {}", error_text(errno)));
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const auto session = std::make_shared<gdb::Session>(context_.io.get_executor(), std::move(ours),
                                                      std::make_unique<DomainTarget>(*this, domain));
  run->on_change = [weak = std::weak_ptr<gdb::Session>(session)] {
    if (const auto there = weak.lock()) {
      there->target_changed();
    }
  };
  asio::co_spawn(context_.io, serve(session, domain->name), asio::detached);
  co_return theirs;
}

}  // namespace virtsev::daemon
