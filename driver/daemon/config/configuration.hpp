// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsevd's settings: what virtsevd.conf says, with defaults filled in. virtsevd.conf itself describes each.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "driver/control/messages.hpp"
#include "driver/spec-from-xml/virtsev/open_machine.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "sevcore/simulated/simulation_settings.hpp"

namespace virtsev::daemon {

struct Configuration {
  control::Platform platform = control::Platform::kHardware;
  bool allow_unprotected = false;
  /// What a new definition gets that says nothing of its protection; nothing: it has none then.
  std::optional<sevcore::Policy> default_launch_security;
  std::string file;  ///< That all this comes from, for messages; empty: none
  bool sev_es_relaunch =
      false;             ///< An SEV-ES guest that reboots is launched again, if its definition is silent
  bool headless = true;  ///< Screens and what goes with them are kept in definitions, and not given
  sevcore::SimulationSettings simulation;
  /// The monitors' own user ids, first to last; used where virtsevd runs as root.
  std::uint32_t vmm_uid_first = 2100000000;
  std::uint32_t vmm_uid_last = 2100016383;
  std::uint32_t console_timeout_seconds = 20;  ///< From resume to the first byte of the console; 0: no timer
  std::uint32_t launch_timeout_seconds = 600;  ///< For a launch to go on; firmware time is part of it
  std::uint32_t request_timeout_seconds = 60;  ///< A monitor's answer to anything else
  std::string vmm;        ///< Path of virtsev-vmm; empty: looked for (monitor/vmm_path.hpp)
  std::string host_uuid;  ///< For capabilities, in libvirt's form; empty: from the machine's id
  std::uint32_t max_clients = 5000;
  std::uint32_t max_client_requests = 5;
  std::int32_t keepalive_interval_seconds = 5;  ///< Below 1: clients are not pinged
  std::uint32_t keepalive_count = 5;
  /// What the file says and nothing comes of, "FILE:LINE: 'KEY': why": for the log.
  std::vector<std::string> remarks;

  // Not in the file: what tests set.
  std::string kvm_device = "/dev/kvm";
  std::string sev_device = "/dev/sev";
  std::string uid_locks = "/run/virtsev/uids";  ///< The same for all virtsevds of root
  std::string passt = "passt";                  ///< A path, or a name that is looked for in PATH
  std::function<spec::OpenedMachine(const domain_xml::DomainDefinition&)> open_machine = spec::open_machine;
  /// In the place of dump/core_file.hpp's.
  std::function<void(const std::string& path, std::uint64_t size, UniqueFd peer)> write_core_file;
  std::uint32_t shortest_run_ms =
      2000;  ///< A guest that resets sooner after its launch waits until then for the next
  /// So long a call waits for a guest that is to let go of a device. Linux waits five seconds, as a person
  /// might press the button once more, and another one when the power is off
  /// (drivers/pci/hotplug/pciehp_ctrl.c).
  std::uint32_t device_removal_ms = 20000;
  std::uint32_t shutdown_notice_seconds = 30;  ///< After that, a shutdown that is not answered is said
};

/// Reads a configuration; every value is looked at. Throws Error(kInvalidArgument) with file and line.
Configuration parse_configuration(const std::string& content, const std::string& file_name);

/// Reads the file at `path`, and sees that what it names is there; a missing one is an Error where
/// `required`, else the defaults.
Configuration load_configuration(const std::string& path, bool required);

/// "hardware" or "simulated"; nothing for any other word.
std::optional<control::Platform> parse_platform(const std::string& word);
const char* name_of(control::Platform platform);

}  // namespace virtsev::daemon
