// SPDX-License-Identifier: LGPL-2.1-or-later
// What there is of a domain while it is active, whatever state its life is in (run_state.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <asio/steady_timer.hpp>

#include "domain-xml/domain_definition.hpp"
#include "driver/control/messages.hpp"
#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/loop/job_queue.hpp"
#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/monitor/monitor.hpp"
#include "driver/daemon/monitor/port_ends.hpp"
#include "driver/daemon/monitor/rate_limit.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

struct Run {
  explicit Run(const asio::any_io_executor& executor) : abort(executor), shutdown_notice(executor) {}

  int id = -1;
  std::shared_ptr<const domain_xml::DomainDefinition> definition;  ///< The live one
  /// Found running, with a definition that no longer passes: why. It can be looked at and ended; nothing is
  /// launched from it.
  std::string definition_problem;
  std::shared_ptr<Monitor> monitor;  ///< Null until it is spawned
  /// Of the monitor, or while it is launched again of the one that ended, for the status file.
  std::int64_t pid = 0;
  std::uint64_t start_time = 0;
  std::uint32_t uid = 0;   ///< The monitor's own; 0: none
  std::uint32_t asid = 0;  ///< Of the simulated platform; 0: none
  std::uint32_t firmware_delay =
      0;  ///< The simulated firmware's, in ms for each MiB, as its monitor knows it
  control::LaunchReport launch;
  bool has_run = false;  ///< A vCPU has run: no secret any more
  bool owner_given = false;
  bool panicked_early = false;  ///< It said that it panicked before its launch was through
  /// Of an SEV-ES guest by itself: each is measured by the firmware again, which has one turn for all guests.
  static constexpr unsigned kMostRelaunches = 5;
  RateLimit relaunches{kMostRelaunches, std::chrono::milliseconds(std::chrono::minutes(1)) / kMostRelaunches};
  bool reboot_requested = false;      ///< The next power off launches it again
  std::optional<ConnectionId> owner;  ///< The client whose end is this run's end
  std::string console_silent;         ///< What the monitor said when the console stayed silent
  /// How often that is written down: a monitor says it once for each time that its guest goes on.
  RateLimit silences{4, std::chrono::minutes(1)};
  /// A debugger's: called when the state has changed, or the run is over. Empty: none is attached.
  std::function<void()> on_change;

  // The console: the path for clients; the pair is kept so that a relaunch has the same. None after virtsevd
  // was restarted.
  std::string console_path;
  UniqueFd console_master, console_slave;
  std::vector<PortEnd> ports;  ///< Of each port of the definition's; the same is true of them
  /// Of libvirt's networks, by the slots of the interfaces that are on them. Given back when it is over.
  std::map<std::uint8_t, domain_xml::NetworkPlug> network_ports;
  std::map<std::uint8_t, std::string>
      volume_paths;               ///< Of disks that are volumes of libvirt's, by their slots
  std::vector<std::string> taps;  ///< The interfaces' tap devices by name; empty: not by one

  /// Devices that the guest was asked to let go of, by alias: fired when they have gone, or the run is over.
  std::map<std::string, std::shared_ptr<Latch>> leaving;
  std::set<std::string> removed;  ///< Those of whom that has been heard, and not been dealt with yet

  /// Of those who talk to the agent in the guest.
  std::shared_ptr<JobQueue> agent_turns = std::make_shared<JobQueue>();
  unsigned agent_calls = 0;  ///< How many have a turn, or wait for theirs

  std::chrono::steady_clock::time_point launched_at = std::chrono::steady_clock::now();
  std::optional<control::Status> known;  ///< What the monitor said last of its guest
  /// A question to the monitor that is on its way: whoever wants to know the same waits for its answer.
  struct Inquiry {
    explicit Inquiry(const asio::any_io_executor& executor) : done(executor) {}
    const std::chrono::steady_clock::time_point asked_at = std::chrono::steady_clock::now();
    Latch done;
  };
  std::shared_ptr<Inquiry> inquiry;
  Latch abort;  ///< Fired: a launch under way, or to come, is to be given up

  /// When it was asked to shut down or reboot, in seconds after the host's boot; 0: it was not.
  std::uint64_t shutdown_asked = 0;
  asio::steady_timer shutdown_notice;
};

}  // namespace virtsev::daemon
