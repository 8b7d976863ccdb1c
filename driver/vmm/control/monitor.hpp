// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor as its peer sees it: what each request does, and how the guest's end is told.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "driver/control/codec.hpp"
#include "driver/vmm/control/end_signal.hpp"
#include "driver/vmm/control/firmware_turn.hpp"
#include "driver/vmm/control/plugged_files.hpp"
#include "driver/vmm/guest/guest.hpp"
#include "driver/vmm/loop/event_loop.hpp"
#include "driver/vmm/loop/timer.hpp"
#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/sandbox/system_calls.hpp"

namespace virtsev::vmm {

/// The I/O thread's: requests, timers and the guest's end come to it there. Other threads reach it by
/// EndSignal.
class Monitor {
 public:
  struct Surroundings {
    EventLoop& loop;
    std::function<void(const control::Event&)> publish;
    /// Gives what each vCPU's thread calls first (sandbox/system_calls.hpp).
    std::function<std::function<void()>(const SandboxedGuest&)> vcpu_sandbox;
    /// The same, of the thread that moves devices' data.
    std::function<std::function<void()>()> device_sandbox;
    /// Called once, when the guest is set up and before its vCPUs run.
    std::function<void(const SandboxedGuest&)> shut_in;
    std::function<std::uint64_t()> resident;  ///< Bytes of memory that this process has
  };

  explicit Monitor(Surroundings surroundings);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Does what is asked. Throws Error, and nothing has changed then; except that a Start that failed ends the
  /// monitor.
  control::Reply handle(control::Request request, control::Frame frame);
  /// The peer has gone: a monitor without a guest has nothing left to do.
  void on_peer_left();
  /// Somebody asked the process to end (SIGTERM).
  void on_termination();
  /// Readable once the guest has ended.
  [[nodiscard]] int end_descriptor() const { return end_.descriptor(); }
  /// Before the first request: what the simulated firmware's commands wait in.
  void wait_in(std::shared_ptr<FirmwareTurn> turn) { turn_ = std::move(turn); }

 private:
  control::Reply on(const control::Hello& hello, control::Frame& frame);
  control::Reply on(const control::Start& start, control::Frame& frame);
  control::Reply on(const control::Query& query, control::Frame& frame);
  control::Reply on(const control::Resume& resume, control::Frame& frame);
  control::Reply on(const control::Pause& pause, control::Frame& frame);
  control::Reply on(const control::PowerButton& button, control::Frame& frame);
  control::Reply on(const control::SetLink& link, control::Frame& frame);
  control::Reply on(const control::InjectSecret& secret, control::Frame& frame);
  control::Reply on(const control::Quit& quit, control::Frame& frame);
  control::Reply on(const control::ReadMemory& read, control::Frame& frame);
  control::Reply on(const control::WriteMemory& write, control::Frame& frame);
  control::Reply on(const control::ReadRegisters& read, control::Frame& frame);
  control::Reply on(const control::WriteRegisters& write, control::Frame& frame);
  control::Reply on(const control::ListMemory& list, control::Frame& frame);
  control::Reply on(const control::GrantFirmware& grant, control::Frame& frame);
  control::Reply on(const control::OpenConsole& open, control::Frame& frame);

  control::Reply on(const control::AttachDevice& attach, control::Frame& frame);
  control::Reply on(const control::DetachDevice& detach, control::Frame& frame);

  [[nodiscard]] control::RunState state() const;
  Guest& guest();
  void tell_progress(std::uint64_t done, std::uint64_t total);
  void on_removed(const std::string& id);
  void require_alive() const;
  void on_console_timeout();
  void on_end();
  void on_panic();

  Surroundings surroundings_;
  EndSignal end_;
  EventLoop::Source on_end_;
  Timer console_timer_;
  Wakeup on_panic_;
  control::Frame start_;                // keeps the descriptors of console, log and end file
  PluggedFiles plugged_;                // and those of devices that can go
  std::shared_ptr<FirmwareTurn> turn_;  // null: the guest has the firmware to itself
  int end_file_ = -1;
  std::map<std::string, int> terminals_;  // Their masters, by the id of their port; "": the serial port's
  std::uint32_t console_timeout_ = 0;
  std::string silence_;  // what ConsoleSilent said
  bool ended_ = false;
  std::atomic<bool> keeps_panicked_{false};  // Set before there is a guest
  bool panicked_ = false;
  std::optional<std::chrono::steady_clock::time_point> told_progress_;
  std::unique_ptr<Guest> guest_;
};

}  // namespace virtsev::vmm
