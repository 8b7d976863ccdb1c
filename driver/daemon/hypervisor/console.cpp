// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's ways into a guest: its terminal, and its debugger.
#include <cerrno>
#include <filesystem>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "driver/daemon/monitor/terminal.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

namespace {

/// The definition's port with a terminal that has this alias, or this name; with neither: its first console.
std::optional<std::size_t> port_named(const domain_xml::DomainDefinition& definition,
                                      const std::string& device) {
  for (std::size_t i = 0; i < definition.ports.size(); ++i) {
    const domain_xml::PortDefinition& port = definition.ports[i];
    const bool fits = device.empty() ? port.console : device == alias_in_use(port) || device == port.name;
    if (fits && !port.socket) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

asio::awaitable<UniqueFd> Hypervisor::open_port(DomainPtr domain, std::size_t port) {
  const std::shared_ptr<Run> run = domain->run;
  if (port >= run->ports.size() || run->ports[port].path.empty()) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("domain '{}' is being launched, and has no console yet; try again when it runs", domain->name));
  }
  co_await lifecycle_.find_console(domain, port);
  require_active(*domain);
  if (domain->run != run || !run->ports[port].master) {
    throw Error(ErrorCode::kOperationInvalid,
                text("domain '{}' is being launched again; try again when it runs", domain->name));
  }
  UniqueFd console = open_behind(run->ports[port].master.get());
  if (!console) {
    throw Error(ErrorCode::kSystemError,
                text("cannot open the console '{}': {}", run->ports[port].path, error_text(errno)));
  }
  co_return console;
}

asio::awaitable<UniqueFd> Hypervisor::open_console(Uuid uuid, std::string device) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const std::shared_ptr<Run> run = domain->run;
  // Console 0 and serial 0 are one device in this machine, where there is a serial port.
  const bool serial =
      !run->definition->serials.empty() && (device.empty() || device == "serial0" || device == "console0");
  if (const auto port = port_named(*run->definition, device); port && !serial) {
    co_return co_await open_port(domain, *port);
  }
  if (run->definition->serials.empty() && run->console_path.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("domain '{}' has no console: add <serial type='pty'/>", domain->name));
  }
  if (!(device.empty() || device == "serial0" || device == "console0")) {
    throw Error(ErrorCode::kInvalidArgument, text("domain '{}' has no console '{}'", domain->name, device));
  }
  if (run->console_path.empty()) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("domain '{}' is being launched, and has no console yet; try again when it runs", domain->name));
  }
  co_await lifecycle_.find_console(domain, std::nullopt);
  require_active(*domain);
  if (domain->run != run) {
    throw Error(ErrorCode::kOperationInvalid,
                text("domain '{}' is being launched again; try again when it runs", domain->name));
  }
  // The other end of the pair that virtsevd has; only for a monitor of an earlier version, by its path.
  UniqueFd console;
  if (run->console_master) {
    console = open_behind(run->console_master.get());
  } else if (run->monitor) {
    console = open_held_by(run->monitor->process(), run->console_path);
    if (!console && errno == EPERM) {
      throw Error(ErrorCode::kOperationFailed,
                  text("the console '{}' can't be shown to be that of domain '{}', whose monitor an earlier "
                       "virtsevd started; read its log under {}, or start the domain again",
                       run->console_path, domain->name, context_.layout.console_logs()));
    }
  }
  if (!console) {
    throw Error(ErrorCode::kSystemError,
                text("cannot open the console '{}': {}", run->console_path, error_text(errno)));
  }
  co_return console;
}

asio::awaitable<UniqueFd> Hypervisor::open_channel(Uuid uuid, std::optional<std::string> name) {
  constexpr const char* kDebugger = "virtsev.gdb";
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const Run& run = *domain->run;
  for (std::size_t i = 0; i < run.ports.size() && i < run.definition->ports.size(); ++i) {
    const domain_xml::PortDefinition& port = run.definition->ports[i];
    if (port.socket && name && (*name == port.name || *name == alias_in_use(port))) {
      const std::filesystem::path path(run.ports[i].path);
      UniqueFd channel = connect_to(path.parent_path().string(), path.filename().string());
      if (!channel) {
        throw Error(ErrorCode::kOperationFailed,
                    text("cannot connect to the channel '{}' at '{}': {}; another client may have it",
                         port.name, path.string(), error_text(errno)));
      }
      co_return channel;
    }
  }
  if (name.value_or("") != kDebugger) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("domain '{}' has no channel '{}'; there is '{}', which is for debuggers, and what `virsh "
             "dumpxml` shows as a <channel> of type unix",
             domain->name, name.value_or(""), kDebugger));
  }
  co_return co_await lifecycle_.attach_debugger(domain);
}

}  // namespace virtsev::daemon
