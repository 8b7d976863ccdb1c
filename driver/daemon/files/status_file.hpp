// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtsevd must know of a running domain to find it again after its own restart: run/sev/UUID.status,
// rewritten at every change of state.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "domain-xml/network_plug.hpp"
#include "driver/control/messages.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::daemon {

/// 1: the first. 2: console-silent-text. 3: relaunching, asid, firmware-delay. 4: taps. 5: ports,
/// network-port-SLOT, volume-SLOT.
inline constexpr unsigned kStatusVersion = 5;

/// Layout on disk: "virtsevd-status VERSION", then lines "key value" in any order, an empty line, and the
/// live domain XML up to the end. A reader leaves keys that it does not know alone, so that a daemon also
/// reads what a later one wrote.
struct DomainStatus {
  int id = -1;
  int state = 0;
  int reason = 0;
  std::int64_t pid = 0;          ///< Of the monitor
  std::uint64_t start_time = 0;  ///< Field 22 of /proc/PID/stat: a pid alone may have been given away again
  std::uint32_t uid = 0;         ///< The monitor's own, 0: none
  std::uint32_t asid = 0;        ///< Of the simulated platform, 0: none
  std::uint32_t firmware_delay = 0;  ///< The simulated firmware's, in ms for each MiB
  bool starting = false;             ///< The launch was under way: such a domain is ended at reconnection
  bool relaunching = false;  ///< It was launched again, in the place of a guest that ended: done again then
  bool has_run = false;
  bool owner_given = false;          ///< A guest owner's session was given
  bool auto_destroy = false;         ///< Was to end with a client, which is gone
  bool reboot_requested = false;     ///< The next power off is a reboot
  std::uint64_t shutdown_asked = 0;  ///< Seconds after the host's boot; 0: it was not
  bool console_silent = false;
  std::string console_silent_text;  ///< What the monitor said of it, one line; empty in version 1
  bool persistent = false;
  std::string boot_id;  ///< Of the kernel under which it ran
  std::string name;     ///< The domain's; what the XML says counts where it can be read
  std::string console_path;
  std::vector<std::string> port_paths;  ///< Of terminals and sockets; no line breaks; empty: not there yet
  std::vector<std::string> taps;        ///< Names of network devices, which hold no space; empty: not by one
  std::map<std::uint8_t, domain_xml::NetworkPlug>
      network_ports;                                 ///< Of libvirt's networks, by the interfaces' slots
  std::map<std::uint8_t, std::string> volume_paths;  ///< By the disks' slots
  control::LaunchReport launch;
  std::string xml;
};

std::string format_status(const DomainStatus& status);
/// Else: what is wrong with it, for the log. The monitor's process alone has to be there: a field that is
/// missing or malformed keeps its default, so that a running guest is found whatever became of the rest.
Result<DomainStatus, std::string> parse_status(const std::string& content);

}  // namespace virtsev::daemon
