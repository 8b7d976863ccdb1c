// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor as its peer sees it.
#include "driver/vmm/control/monitor.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>
#include <variant>

#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/vmm/sandbox/refused_calls.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

/// Those on PCI, which have descriptors of their own making (events, rings).
std::size_t pci_devices(const spec::Machine& machine) {
  return static_cast<std::size_t>(std::count_if(
      machine.devices.begin(), machine.devices.end(), [](const spec::DeviceDescription& device) {
        return std::holds_alternative<spec::PciAddress>(device.address);
      }));
}

/// Bytes of the largest file that is a disk which the guest writes to; block devices know no such limit.
std::uint64_t largest_disk(const spec::Machine& machine) {
  std::uint64_t largest = 0;
  for (const spec::DeviceDescription& device : machine.devices) {
    const auto* disk = std::get_if<spec::Disk>(&device.kind);
    struct stat status {};
    if (disk != nullptr && !disk->read_only && ::fstat(disk->image.fd, &status) == 0) {
      largest = std::max(largest, static_cast<std::uint64_t>(status.st_size));
    }
  }
  return largest;
}

/// What a guest that runs needs of what came with its Start. All else is closed: a monitor that was taken
/// over can't use it, and file systems are not kept busy.
void keep_for_running(control::Frame& frame, const control::Start& start) {
  const std::vector<int> files = spec::device_files(start.machine);
  std::set<int> kept(files.begin(), files.end());
  kept.insert(start.end_file);
  std::erase_if(frame.descriptors, [&](const UniqueFd& owned) { return !kept.contains(owned.get()); });
}

/// The masters of all terminals that there are, by the id of their port; "": the serial port's.
std::map<std::string, int> terminals_of(const spec::Machine& machine) {
  std::map<std::string, int> terminals;
  for (const spec::DeviceDescription& device : machine.devices) {
    if (const auto* serial = std::get_if<spec::Serial>(&device.kind)) {
      terminals[""] = serial->terminal_master;
    } else if (const auto* ports = std::get_if<spec::Ports>(&device.kind)) {
      for (const spec::Ports::Port& port : ports->ports) {
        terminals[port.id] = port.terminal_master;
      }
    }
  }
  std::erase_if(terminals, [](const auto& terminal) { return terminal.second < 0; });
  return terminals;
}

}  // namespace

Monitor::Monitor(Surroundings surroundings)
    : surroundings_(std::move(surroundings)),
      on_end_(surroundings_.loop.watch(end_.descriptor(), EPOLLIN, [this](std::uint32_t) { on_end(); })),
      console_timer_(surroundings_.loop, [this] { on_console_timeout(); }),
      on_panic_(surroundings_.loop, [this] { on_panic(); }) {}

Monitor::~Monitor() = default;

control::Reply Monitor::handle(control::Request request, control::Frame frame) {
  return std::visit([&](const auto& message) { return on(message, frame); }, request);
}

control::RunState Monitor::state() const {
  if (ended_) {
    return control::RunState::kEnded;
  }
  if (!guest_) {
    return control::RunState::kEmpty;
  }
  if (guest_->is_running()) {
    return control::RunState::kRunning;
  }
  return panicked_ ? control::RunState::kPanicked : control::RunState::kPaused;
}

Guest& Monitor::guest() {
  if (!guest_) {
    throw Error(ErrorCode::kOperationInvalid, text("the domain's monitor has not started a guest yet"));
  }
  return *guest_;
}

control::Reply Monitor::on(const control::Hello& hello, control::Frame&) {
  return control::HelloReply{std::min(hello.version, control::kProtocolVersion), state()};
}

control::Reply Monitor::on(const control::Start& start, control::Frame& frame) {
  if (guest_ || ended_) {
    throw Error(ErrorCode::kOperationInvalid, text("the domain's monitor has started its guest already"));
  }
  // The frame moves, the descriptors in it stay what they are.
  start_ = std::move(frame);
  end_file_ = start.end_file;
  console_timeout_ = start.console_timeout_seconds;
  keeps_panicked_ = start.keeps_panicked;
  terminals_ = terminals_of(start.machine);
  tell_refused_calls_to(end_file_);
  const SandboxedGuest sandboxed{
      sevcore::is_protected(start.machine.protection) && start.platform == control::Platform::kSimulated,
      start.machine.vcpus, pci_devices(start.machine), largest_disk(start.machine),
      spec::root_ports(start.machine)};
  try {
    guest_ = std::make_unique<Guest>(
        start, surroundings_.loop,
        [this](GuestEnd end) {
          if (end.reason == control::EndReason::kPanicked && keeps_panicked_) {
            on_panic_.signal();
          } else {
            end_.raise(std::move(end));
          }
        },
        ThreadSandboxes{surroundings_.vcpu_sandbox(sandboxed), surroundings_.device_sandbox()},
        make_platform_with(turn_),
        [this](std::uint64_t done, std::uint64_t total) { tell_progress(done, total); });
    keep_for_running(start_, start);
    for (const spec::DeviceDescription& device : start.machine.devices) {
      plugged_.take(device, start_);
    }
    guest_->on_removed([this](const std::string& id) { on_removed(id); });
    surroundings_.shut_in(sandboxed);
  } catch (const std::exception& error) {
    // A machine half made can't be made again: the peer starts another monitor.
    end_.raise({control::EndReason::kError, error.what()});
    throw;
  }
  return guest_->report();
}

void Monitor::tell_progress(std::uint64_t done, std::uint64_t total) {
  constexpr std::chrono::milliseconds kRarely{100};
  const auto now = std::chrono::steady_clock::now();
  if (!told_progress_ || now - *told_progress_ >= kRarely) {
    told_progress_ = now;
    surroundings_.publish(control::Progress{done, total});
  }
}

control::Reply Monitor::on(const control::Query&, control::Frame&) {
  control::Status status;
  status.state = state();
  if (guest_) {
    status.has_run = guest_->has_run();
    status.launch = guest_->report();
    status.vcpu_time_ns = guest_->vcpu_times_ns();
    status.vcpu_threads = guest_->vcpu_thread_ids();
    guest_->add_figures(status);
    if (!guest_->has_spoken()) {
      status.console_silent = silence_;
    }
  }
  status.resident_bytes = surroundings_.resident();
  return status;
}

control::Reply Monitor::on(const control::Resume&, control::Frame&) {
  const bool stood_still = !guest().is_running();
  guest().resume();
  panicked_ = false;
  if (stood_still && silence_.empty() && !guest().has_spoken()) {
    console_timer_.set(std::chrono::seconds(console_timeout_));
  }
  return control::Done{};
}

control::Reply Monitor::on(const control::Pause&, control::Frame&) {
  guest().pause();
  console_timer_.set({});  // A guest that stands still is no silent one
  return control::Done{};
}

control::Reply Monitor::on(const control::PowerButton&, control::Frame&) {
  guest().press_power_button();
  return control::Done{};
}

control::Reply Monitor::on(const control::SetLink& link, control::Frame&) {
  guest().set_link(link.id, link.up);
  return control::Done{};
}

control::Reply Monitor::on(const control::AttachDevice& attach, control::Frame& frame) {
  require_alive();
  guest().attach(attach.device);
  plugged_.take(attach.device, frame);
  return control::Done{};
}

control::Reply Monitor::on(const control::DetachDevice& detach, control::Frame&) {
  require_alive();
  guest().detach(detach.id);
  return control::Done{};
}

void Monitor::on_removed(const std::string& id) {
  plugged_.give_back(id);
  surroundings_.publish(control::DeviceRemoved{id});
}

/// What comes to one that has ended is lost with it.
void Monitor::require_alive() const {
  if (ended_) {
    throw Error(ErrorCode::kOperationInvalid, text("the guest has ended"));
  }
}

control::Reply Monitor::on(const control::InjectSecret& secret, control::Frame&) {
  guest().inject_secret(secret);
  return control::Done{};
}

control::Reply Monitor::on(const control::Quit&, control::Frame&) {
  end_.raise({control::EndReason::kDestroyed, {}});
  return control::Done{};
}

control::Reply Monitor::on(const control::ReadMemory& read, control::Frame&) {
  const FirmwareTurn::Batch in_one_turn(turn_.get());
  return control::MemoryContent{guest().read_memory(read)};
}

control::Reply Monitor::on(const control::WriteMemory& write, control::Frame&) {
  const FirmwareTurn::Batch in_one_turn(turn_.get());
  guest().write_memory(write);
  return control::Done{};
}

control::Reply Monitor::on(const control::ReadRegisters& read, control::Frame&) {
  return control::RegisterContent{guest().read_registers(read.vcpu)};
}

control::Reply Monitor::on(const control::WriteRegisters& write, control::Frame&) {
  guest().write_registers(write);
  return control::Done{};
}

control::Reply Monitor::on(const control::ListMemory&, control::Frame&) { return guest().list_memory(); }

control::Reply Monitor::on(const control::GrantFirmware& grant, control::Frame&) {
  if (turn_) {
    turn_->granted(grant.number);
  }
  return control::Done{};
}

control::Reply Monitor::on(const control::OpenConsole& open, control::Frame&) {
  const auto found = terminals_.find(open.port);
  if (found == terminals_.end()) {
    throw Error(ErrorCode::kOperationInvalid, text("the domain has no console"));
  }
  return control::ConsoleMaster{found->second, nullptr};
}

void Monitor::on_peer_left() {
  if (!guest_) {
    surroundings_.loop.stop();
  }
}

void Monitor::on_termination() {
  end_.raise({control::EndReason::kDestroyed, text("the monitor was asked to end (SIGTERM)")});
}

void Monitor::on_console_timeout() {
  if (guest_ && !guest_->has_spoken()) {
    // What is seen. Whether a guest has stopped, or is slow, nobody here can tell.
    silence_ = text("the guest has written nothing to its serial port for {} seconds: {}", console_timeout_,
                    guest_->describe_vcpus());
    surroundings_.publish(control::ConsoleSilent{silence_});
  }
}

void Monitor::on_panic() {
  if (!guest_ || ended_ || !guest_->is_running()) {
    return;
  }
  guest_->pause();
  console_timer_.set({});
  panicked_ = true;
  surroundings_.publish(control::Panicked{});
}

void Monitor::on_end() {
  const std::optional<GuestEnd> end = end_.end();
  if (!end || ended_) {
    return;
  }
  ended_ = true;
  if (guest_) {
    guest_->pause();
    guest_->finish();
  }
  // Always: a peer that is there now may be gone before it reads the event.
  if (end_file_ >= 0) {
    const Bytes content = control::end_file_content(*end);
    (void)!::pwrite(end_file_, content.data(), content.size(), 0);
  }
  surroundings_.publish(*end);
  surroundings_.loop.stop();
}

}  // namespace virtsev::vmm
