// SPDX-License-Identifier: LGPL-2.1-or-later
// What a monitor is told: its command line, and its Start message.
#pragma once

#include <string>
#include <vector>

#include "driver/control/messages.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/domains/domain.hpp"
#include "driver/daemon/monitor/launch_files.hpp"
#include "driver/daemon/network/host_links.hpp"
#include "driver/spec-from-xml/virtsev/open_disks.hpp"
#include "driver/spec-from-xml/virtsev/open_machine.hpp"

namespace virtsev::daemon {

std::vector<std::string> vmm_arguments(const std::string& domain_name);

/// The host's ends of the definition's ports.
std::vector<WantedEnd> wanted_ends(const domain_xml::DomainDefinition& definition);
/// What a launch begins with: the terminals that the run has, so that they stay the same, and the sockets
/// that were opened at places of their own.
std::vector<PortEnd> ends_to_keep(Run& run, std::vector<PortEnd> named);

/// All that was opened for a guest.
struct Opened {
  const spec::OpenedMachine& machine;
  const std::vector<spec::OpenedDisk>& disks;
  const std::vector<HostLink>& links;  ///< Of each interface of the definition
  const LaunchFiles& files;
};

/// A device as its monitor is told of it; borrows the descriptors. `number`: its place among the definition's
/// devices of its kind.
spec::DeviceDescription device_description(const spec::OpenedDisk& disk);
spec::DeviceDescription device_description(const domain_xml::InterfaceDefinition& definition,
                                           std::size_t number, const HostLink& link);
spec::DeviceDescription device_description(const domain_xml::EntropyDefinition& definition,
                                           std::size_t number);

/// Borrows the descriptors of run and `opened`. Throws Error(kXmlError) where dhCert or session is not
/// base64.
control::Start start_message(const Run& run, const Opened& opened, const Configuration& configuration);

/// Firmware that the definition leaves to the host: from now on the live XML says which it is, and the log.
void note_firmware(const Domain& domain, Run& run, const spec::Boot& boot);

/// The console said nothing for too long: noted for `virsh dominfo`, and logged. False, and nothing done,
/// where that is said too often.
bool take_console_silent(const Domain& domain, Run& run, const control::ConsoleSilent& silent);

/// The same from a monitor's status: it may have said so while nobody listened, and the console may have
/// spoken since. Nothing to do for a monitor of the control protocol's version 1, whose status does not tell.
void note_console(const Domain& domain, Run& run, const control::Status& status);

}  // namespace virtsev::daemon
