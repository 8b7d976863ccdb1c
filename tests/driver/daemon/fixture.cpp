// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/daemon/fixture.hpp"

#include <fstream>

#include <asio/detached.hpp>
#include <libvirt/libvirt.h>
#include <signal.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::chrono::seconds kPatience{30};

std::string words_of(const DomainEvent& event) {
  if (const auto* lifecycle = std::get_if<LifecycleEvent>(&event.what)) {
    static const char* const kNames[] = {"defined", "undefined", "started",     "suspended", "resumed",
                                         "stopped", "shutdown",  "pmsuspended", "crashed"};
    return event.domain.name + ": " + kNames[lifecycle->event] + " " + std::to_string(lifecycle->detail);
  }
  if (const auto* device = std::get_if<DeviceEvent>(&event.what)) {
    static const char* const kNames[] = {" added", " removed", " stays"};
    return event.domain.name + ": " + device->alias + kNames[static_cast<int>(device->what)];
  }
  return event.domain.name + (std::holds_alternative<RebootEvent>(event.what) ? ": reboot" : ": metadata");
}

}  // namespace

HypervisorTest::HypervisorTest() {
  std::string name = (std::filesystem::temp_directory_path() / "virtsevd-test-XXXXXX").string();
  root_ = ::mkdtemp(name.data());
  layout_ = rooted_layout(root_.string());
  make_directories(layout_);
  std::ofstream(path("vmlinuz")) << "kernel";
  configuration_.platform = control::Platform::kSimulated;
  configuration_.vmm = FAKE_MONITOR;
  configuration_.uid_locks = path("uids");
  configuration_.kvm_device = "/dev/null";  // The fake monitor has no guest
  configuration_.shortest_run_ms = 0;
  set_log_level(LogLevel::kError);
  restart();
}

HypervisorTest::~HypervisorTest() {
  life_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(layout_.state)) {
    if (entry.path().extension() == ".status") {
      const auto status = parse_status(read_small(entry.path().string()));
      if (status && find_process(static_cast<pid_t>(status->pid), status->start_time).pidfd) {
        ::kill(static_cast<pid_t>(status->pid), SIGKILL);
      }
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

Hypervisor& HypervisorTest::restart() {
  life_.reset();
  life_ = std::make_unique<Life>();
  life_->hypervisor = std::make_unique<Hypervisor>(life_->io, layout_, configuration_);
  life_->hypervisor->set_event_sink([this](const DomainEvent& event) { events_.push_back(words_of(event)); });
  return *life_->hypervisor;
}

void HypervisorTest::wait_until(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    life_->io.restart();
    life_->io.run_one_until(end);
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "what was waited for did not happen";
  }
}

void HypervisorTest::wait_for_events(std::size_t count) {
  wait_until([this, count] { return events_.size() >= count; });
}

void HypervisorTest::run(asio::awaitable<void> call) {
  bool done = false;
  std::exception_ptr failure;
  asio::co_spawn(life_->io, std::move(call), [&](std::exception_ptr error) {
    done = true;
    failure = std::move(error);
  });
  wait_until([&done] { return done; });
  if (failure) {
    std::rethrow_exception(failure);
  }
}

std::string HypervisorTest::xml(const DomainText& text) const {
  return "<domain type='kvm'><name>" + text.name + "</name>" +
         (text.uuid.empty() ? "" : "<uuid>" + text.uuid + "</uuid>") + "<memory unit='MiB'>" +
         std::to_string(text.memory_mib) +
         "</memory><vcpu>2</vcpu><os><type arch='x86_64' "
         "machine='q35'>hvm</type><kernel>" +
         path("vmlinuz") + "</kernel><cmdline>" + text.command_line + "</cmdline></os>" + text.more +
         "<devices><serial type='pty'/>" + text.devices + "</devices><launchSecurity type='sev'><policy>" +
         text.policy + "</policy>" + text.security + "</launchSecurity></domain>";
}

DomainStatus HypervisorTest::status_of(const DomainHandle& domain) const {
  return parse_status(read_small(layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".status"))
      .value_or(DomainStatus{});
}

void HypervisorTest::write_status(const DomainHandle& domain, const DomainStatus& status) const {
  const std::string file = layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".status";
  std::ofstream(file, std::ios::trunc) << format_status(status);
}

pid_t HypervisorTest::monitor_of(const DomainHandle& domain) const {
  const auto pid = static_cast<pid_t>(status_of(domain).pid);
  return pid > 0 ? pid : -1;
}

void HypervisorTest::begin(std::function<asio::awaitable<void>()> call) {
  begun_.push_back(std::move(call));
  asio::co_spawn(life_->io, begun_.back()(), asio::detached);
}

}  // namespace virtsev::daemon
