// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon starts: the domains that an earlier one left running are its own again. Their status files are
// our own earlier output: whatever is wrong with one by now, the guest runs, and is not given up.
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "domain-xml/limits.hpp"
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::size_t kMaxHeaderBytes = 1U << 20;
constexpr std::size_t kMaxStatusBytes = kMaxHeaderBytes + domain_xml::kMaxDocumentBytes;
constexpr std::string_view kSuffix = ".status";

// By the file's name alone: the domain's socket and end file are named by it, too.
std::optional<Uuid> uuid_of(const std::string& file, std::string_view suffix) {
  if (!file.ends_with(suffix)) {
    return std::nullopt;
  }
  const std::string stem = file.substr(0, file.size() - suffix.size());
  const auto uuid = domain_xml::parse_uuid(stem);
  return uuid && domain_xml::format_uuid(*uuid) == stem ? uuid : std::nullopt;
}

std::shared_ptr<Run> run_from(const DomainStatus& status, const asio::any_io_executor& executor) {
  auto run = std::make_shared<Run>(executor);
  run->id = status.id;
  run->uid = status.uid;
  run->pid = status.pid;
  run->start_time = status.start_time;
  run->asid = status.asid;
  run->firmware_delay = status.firmware_delay;
  run->launch = status.launch;
  run->has_run = status.has_run;
  run->owner_given = status.owner_given;
  run->reboot_requested = status.reboot_requested;
  run->shutdown_asked = status.shutdown_asked;
  run->console_path = status.console_path;
  for (const std::string& path : status.port_paths) {
    run->ports.emplace_back().path = path;
  }
  run->taps = status.taps;
  run->network_ports = status.network_ports;
  run->volume_paths = status.volume_paths;
  if (status.console_silent) {
    run->console_silent = status.console_silent_text.empty()
                              ? text("its console stayed silent after the start")
                              : status.console_silent_text;
  }
  return run;
}

// The same where the name is too long for a definition: that of a domain beside its namesake may be.
DefinitionPtr under_name(const DefinitionPtr& definition, const std::string& name) {
  try {
    return std::make_shared<const domain_xml::DomainDefinition>(domain_xml::with_name(*definition, name));
  } catch (const Error&) {
    return definition;
  }
}

}  // namespace

void Lifecycle::reconnect_all() {
  remove_left_overs(context_.layout.state, std::string(kSuffix));
  std::vector<std::pair<Uuid, DomainStatus>> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(context_.layout.state, error)) {
    const auto uuid = uuid_of(entry.path().filename().string(), kSuffix);
    if (!uuid) {
      continue;
    }
    const std::string path = entry.path().string();
    const auto content = read_file(path, kMaxStatusBytes);
    auto status = content ? parse_status(*content)
                          : Result<DomainStatus, std::string>(unexpected(error_text(content.error())));
    if (status) {
      context_.domains.reserve_id(status->id);
      found.emplace_back(*uuid, std::move(*status));
      continue;
    }
    log_error(text("'{}' can't be used, the domain in it is not found again: {}", path, status.error()));
  }
  // Only now is it known which ids are taken.
  for (auto& [uuid, status] : found) {
    adopt(uuid, std::move(status));
  }
  sweep_state();
}

// What is left of domains that ended while nobody could tidy up: sockets that nobody listens at, and ends
// that are nobody's.
void Lifecycle::sweep_state() const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(context_.layout.state, error)) {
    const std::string file = entry.path().filename().string();
    const auto socket = uuid_of(file, ".sock");
    const auto uuid = socket ? socket : uuid_of(file, ".end");
    const DomainPtr domain = uuid ? context_.domains.find(*uuid) : nullptr;
    if (!uuid || (domain && domain->active())) {
      continue;
    }
    errno = 0;
    const bool heard = connect_to(context_.layout.state, domain_xml::format_uuid(*uuid) + ".sock").valid();
    if (!heard && (errno == ECONNREFUSED || errno == ENOENT)) {
      std::filesystem::remove(entry.path(), error);
    }
  }
  std::set<int> ids;
  context_.domains.for_each([&ids](const DomainPtr& domain) {
    if (domain->run) {
      ids.insert(domain->run->id);
    }
  });
  for (const auto& entry : std::filesystem::directory_iterator(context_.layout.channels(), error)) {
    if (!ids.contains(std::atoi(entry.path().filename().c_str()))) {
      std::filesystem::remove_all(entry.path(), error);
    }
  }
}

// The definition that the guest was started from, or what is left of it, with the reason in `problem`.
DefinitionPtr Lifecycle::definition_from(const Uuid& uuid, const DomainStatus& status,
                                         std::string& problem) const {
  try {
    auto definition = std::make_shared<const domain_xml::DomainDefinition>(domain_xml::parse(
        status.xml,
        {.allow_unprotected = true, .sev_es_relaunch = true, .stored = true, .keep_aliases = true}));
    if (definition->uuid == uuid) {
      return definition;
    }
    problem = text("the XML in its status file is of the domain with uuid {}",
                   domain_xml::format_uuid(definition->uuid));
  } catch (const Error& failure) {
    problem = failure.what();
  }
  const auto identity = domain_xml::identity_of(status.xml);
  const bool own = !identity || identity->uuid == uuid;
  std::string name = identity && own ? identity->name : status.name;
  if (name.empty()) {
    name = domain_xml::format_uuid(uuid);
  }
  auto salvaged = domain_xml::salvage(own ? status.xml : std::string(), {name, uuid});
  if (const auto policy = sevcore::policy_of(status.launch.protection); policy && !salvaged.launch_security) {
    salvaged.launch_security.emplace().policy = *policy;
  }
  return std::make_shared<const domain_xml::DomainDefinition>(std::move(salvaged));
}

void Lifecycle::adopt(const Uuid& uuid, DomainStatus found) {
  const auto status = std::make_shared<DomainStatus>(std::move(found));
  if (status->id < 1) {
    status->id = context_.domains.next_id();
  }
  const auto run = run_from(*status, context_.io.get_executor());
  run->definition = definition_from(uuid, *status, run->definition_problem);
  run->ports.resize(run->definition->ports.size());
  const DomainPtr domain = context_.domains.take_over(uuid, run->definition->name);
  if (run->definition_problem.empty() && domain->name != run->definition->name) {
    run->definition = under_name(run->definition, domain->name);
  }
  if (!run->definition_problem.empty()) {
    log_error(text("domain '{}': it runs with a definition that can't be used any more: {}", domain->name,
                   run->definition_problem));
  }
  domain->visible = true;
  domain->run = run;
  // Nothing is written, and nobody told: what there is to know stands in the file.
  transition(domain, step::Find{{status->state, status->reason}});
  asio::co_spawn(context_.io, reconnect(domain, run, status), asio::detached);
}

void Lifecycle::refuse_beside_stray_monitor(const DomainPtr& domain) {
  const std::string socket = domain_xml::format_uuid(domain->uuid) + ".sock";
  if (!connect_to(context_.layout.state, socket)) {
    return;
  }
  if (!domain->visible) {
    context_.domains.remove(domain);
  }
  const std::string why = text(
      "the domain runs already, in a monitor that virtsevd knows nothing of: its status file '{}' can't be "
      "read; end the "
      "process that listens at '{}/{}' (`ss -xlp` names it), then start the domain",
      file(*domain, ".status"), context_.layout.state, socket);
  log_error(text("domain '{}': cannot start: {}", domain->name, why));
  throw Error(ErrorCode::kResourceBusy, why);
}

}  // namespace virtsev::daemon
