// SPDX-License-Identifier: LGPL-2.1-or-later
// The fake's domains.
#include "tests/driver/daemon/dispatch/fake_driver.hpp"

#include <algorithm>

#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <pty.h>
#include <stdlib.h>
#include <termios.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::test {

namespace {

/// What stands between <tag> and </tag>.
std::string element(const std::string& xml, const std::string& tag) {
  const std::size_t begin = xml.find("<" + tag + ">");
  const std::size_t end = xml.find("</" + tag + ">");
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return {};
  }
  return xml.substr(begin + tag.size() + 2, end - begin - tag.size() - 2);
}

std::optional<Uuid> read_uuid(std::string digits) {
  std::erase(digits, '-');
  Uuid uuid{};
  if (digits.size() != 2 * uuid.size() || digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    uuid[i] = static_cast<std::uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
  }
  return uuid;
}

/// Two groups of the filter's bits: each is a yes or a no; none or both given is no filter.
bool passes(std::uint32_t filter, std::uint32_t yes, std::uint32_t no, bool value) {
  const std::uint32_t asked = filter & (yes | no);
  return asked == 0 || (asked & (value ? yes : no)) != 0;
}

}  // namespace

Uuid uuid_of(std::uint8_t byte) {
  Uuid uuid{};
  uuid.fill(byte);
  return uuid;
}

FakeDriver::Domain& FakeDriver::find(const Uuid& uuid) {
  const auto found = domains.find(uuid);
  if (found == domains.end()) {
    throw Error(ErrorCode::kNoDomain, text("Domain not found: no domain with matching uuid"));
  }
  return found->second;
}

ControlInfo FakeDriver::control_info(const Uuid& domain) {
  find_active(domain);
  return {VIR_DOMAIN_CONTROL_OCCUPIED, 0, 2500};
}

FakeDriver::Domain& FakeDriver::find_active(const Uuid& uuid) {
  Domain& domain = find(uuid);
  if (domain.id < 0) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain is not running"));
  }
  return domain;
}

FakeDriver::Domain& FakeDriver::by_name(const std::string& name) { return find(lookup_by_name(name).uuid); }

FakeDriver::Domain& FakeDriver::add(const std::string& name) {
  const Uuid uuid = uuid_of(static_cast<std::uint8_t>(domains.size() + 1));
  Domain& domain = domains[uuid];
  domain.name = name;
  domain.uuid = uuid;
  domain.persistent = true;
  domain.xml = "<domain type='kvm'><name>" + name + "</name></domain>";
  return domain;
}

FakeDriver::Domain& FakeDriver::take_in(const std::string& xml) {
  const std::string name = element(xml, "name");
  if (name.empty()) {
    throw Error(ErrorCode::kXmlError, text("<name> is missing: give the domain a name"));
  }
  const Uuid uuid =
      read_uuid(element(xml, "uuid")).value_or(uuid_of(static_cast<std::uint8_t>(domains.size() + 1)));
  Domain& domain = domains[uuid];
  domain.name = name;
  domain.uuid = uuid;
  domain.xml = xml;
  return domain;
}

void FakeDriver::emit(const DomainEvent& event) {
  if (sink_) {
    sink_(event);
  }
}

void FakeDriver::emit_lifecycle(const Domain& domain, std::int32_t event, std::int32_t detail) {
  emit({handle_of(domain), LifecycleEvent{event, detail}});
}

void FakeDriver::begin(Domain& domain, Flags flags, ConnectionId owner) {
  if (domain.id >= 0) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain is already running"));
  }
  const bool paused = (flags & VIR_DOMAIN_START_PAUSED) != 0;
  domain.id = ++last_id_;
  domain.owner = (flags & VIR_DOMAIN_START_AUTODESTROY) != 0 ? owner : 0;
  domain.state = paused ? DomainState{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER}
                        : DomainState{VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED};
  int guest = -1, host = -1;
  if (openpty(&guest, &host, nullptr, nullptr, nullptr) != 0) {
    throw Error(ErrorCode::kSystemError, text("cannot open a pty"));
  }
  domain.console.reset(guest);
  domain.console_other.reset(host);
  termios raw{};
  tcgetattr(host, &raw);
  cfmakeraw(&raw);
  tcsetattr(host, TCSANOW, &raw);
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED);
  if (paused) {
    emit_lifecycle(domain, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
  }
  if (on_started) {
    on_started(domain);
  }
}

void FakeDriver::end(Domain& domain, std::int32_t reason, std::int32_t detail) {
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_STOPPED, detail);
  domain.id = -1;
  domain.owner = 0;
  domain.state = {VIR_DOMAIN_SHUTOFF, reason};
  domain.console.reset();
  domain.console_other.reset();
  if (const auto on_end = std::exchange(domain.on_end, nullptr)) {
    on_end();
  }
  if (!domain.persistent) {
    domains.erase(Uuid(domain.uuid));
  }
}

void FakeDriver::crash(Domain& domain) {
  end(domain, VIR_DOMAIN_SHUTOFF_CRASHED, VIR_DOMAIN_EVENT_STOPPED_CRASHED);
}

void FakeDriver::release() {
  hold = false;
  suspended_calls_.notify();
}

std::vector<DomainHandle> FakeDriver::list_all(std::uint32_t filter) {
  std::vector<DomainHandle> found;
  for (const auto& [uuid, domain] : domains) {
    const bool state_asked = (filter & 0xf0) != 0;
    const bool state_fits =
        ((filter & VIR_CONNECT_LIST_DOMAINS_RUNNING) != 0 && domain.state.state == VIR_DOMAIN_RUNNING) ||
        ((filter & VIR_CONNECT_LIST_DOMAINS_PAUSED) != 0 && domain.state.state == VIR_DOMAIN_PAUSED) ||
        ((filter & VIR_CONNECT_LIST_DOMAINS_SHUTOFF) != 0 && domain.state.state == VIR_DOMAIN_SHUTOFF);
    if (passes(filter, VIR_CONNECT_LIST_DOMAINS_ACTIVE, VIR_CONNECT_LIST_DOMAINS_INACTIVE, domain.id >= 0) &&
        passes(filter, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, VIR_CONNECT_LIST_DOMAINS_TRANSIENT,
               domain.persistent) &&
        passes(filter, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART,
               domain.autostart) &&
        passes(filter, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE,
               false) &&
        passes(filter, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT, false) &&
        (!state_asked || state_fits)) {
      found.push_back(handle_of(domain));
    }
  }
  return found;
}

DomainHandle FakeDriver::lookup_by_name(const std::string& name) {
  for (const auto& [uuid, domain] : domains) {
    if (domain.name == name) {
      return handle_of(domain);
    }
  }
  throw Error(ErrorCode::kNoDomain, text("Domain not found: no domain with matching name '{}'", name));
}

DomainHandle FakeDriver::lookup_by_uuid(const Uuid& uuid) { return handle_of(find(uuid)); }

DomainHandle FakeDriver::lookup_by_id(int id) {
  for (const auto& [uuid, domain] : domains) {
    if (domain.id == id && id >= 0) {
      return handle_of(domain);
    }
  }
  throw Error(ErrorCode::kNoDomain, text("Domain not found: no domain with matching id {}", id));
}

asio::awaitable<DomainHandle> FakeDriver::define(std::string xml, Flags) {
  calls.emplace_back("define");
  Domain& domain = take_in(xml);
  domain.persistent = true;
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_ADDED);
  co_return handle_of(domain);
}

asio::awaitable<void> FakeDriver::undefine(Uuid uuid, Flags) {
  calls.emplace_back("undefine");
  Domain& domain = find(uuid);
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_REMOVED);
  domain.persistent = false;
  if (domain.id < 0) {
    domains.erase(uuid);
  }
  co_return;
}

asio::awaitable<void> FakeDriver::rename(Uuid uuid, std::string new_name, Flags) {
  calls.emplace_back("rename");
  find(uuid).name = std::move(new_name);
  co_return;
}

std::string FakeDriver::xml(const Uuid& uuid, Flags) { return find(uuid).xml; }

asio::awaitable<void> FakeDriver::set_metadata(Uuid uuid, std::int32_t kind, std::optional<std::string> value,
                                               std::optional<std::string>, std::optional<std::string> uri,
                                               Flags) {
  calls.emplace_back("set_metadata");
  Domain& domain = find(uuid);
  domain.metadata[kind] = value.value_or("");
  emit({handle_of(domain), MetadataChangeEvent{kind, uri}});
  co_return;
}

std::string FakeDriver::metadata(const Uuid& uuid, std::int32_t kind, const std::optional<std::string>&,
                                 Flags) {
  const Domain& domain = find(uuid);
  const auto found = domain.metadata.find(kind);
  if (found == domain.metadata.end() || found->second.empty()) {
    throw Error(ErrorCode::kNoDomainMetadata, text("metadata not found: this domain has none of that kind"));
  }
  return found->second;
}

bool FakeDriver::autostart(const Uuid& uuid) { return find(uuid).autostart; }

asio::awaitable<void> FakeDriver::set_autostart(Uuid uuid, bool on) {
  calls.emplace_back("set_autostart");
  find(uuid).autostart = on;
  co_return;
}

asio::awaitable<void> FakeDriver::set_vcpus(Uuid uuid, std::uint32_t count, Flags flags) {
  calls.push_back(fmt::format("set_vcpus {} {} {}", find(uuid).name, count, flags));
  co_return;
}

asio::awaitable<void> FakeDriver::attach_device(Uuid uuid, std::string device, Flags flags) {
  calls.push_back(fmt::format("attach_device {} {} {}", find(uuid).name, device, flags.bits));
  co_return;
}

asio::awaitable<void> FakeDriver::detach_device(Uuid uuid, std::string device, Flags flags) {
  calls.push_back(fmt::format("detach_device {} {} {}", find(uuid).name, device, flags.bits));
  co_return;
}
asio::awaitable<void> FakeDriver::detach_device_alias(Uuid uuid, std::string alias, Flags flags) {
  calls.push_back(fmt::format("detach_device_alias {} {} {}", find(uuid).name, alias, flags.bits));
  co_return;
}

asio::awaitable<void> FakeDriver::update_device(Uuid uuid, std::string device, Flags flags) {
  calls.push_back(fmt::format("update_device {} {} {}", find(uuid).name, device, flags.bits));
  co_return;
}

asio::awaitable<void> FakeDriver::set_memory(Uuid uuid, std::uint64_t kib, Flags flags) {
  calls.push_back(fmt::format("set_memory {} {} {}", find(uuid).name, kib, flags));
  co_return;
}

asio::awaitable<void> FakeDriver::set_lifecycle_action(Uuid uuid, std::uint32_t type, std::uint32_t action,
                                                       Flags flags) {
  calls.push_back(fmt::format("set_lifecycle_action {} {} {} {}", find(uuid).name, type, action, flags));
  co_return;
}

bool FakeDriver::is_persistent(const Uuid& uuid) { return find(uuid).persistent; }

asio::awaitable<DomainHandle> FakeDriver::create(std::string xml, Flags flags, ConnectionId owner) {
  calls.emplace_back("create");
  Domain& domain = take_in(xml);
  begin(domain, flags, owner);
  co_return handle_of(domain);
}

asio::awaitable<DomainHandle> FakeDriver::start(Uuid uuid, Flags flags, ConnectionId owner) {
  calls.emplace_back("start");
  Domain& domain = find(uuid);
  begin(domain, flags, owner);
  co_return handle_of(domain);
}

asio::awaitable<void> FakeDriver::suspend(Uuid uuid) {
  calls.emplace_back("suspend");
  while (hold) {
    co_await suspended_calls_.wait();
  }
  Domain& domain = find_active(uuid);
  domain.state = {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER};
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
}

asio::awaitable<void> FakeDriver::resume(Uuid uuid) {
  calls.emplace_back("resume");
  Domain& domain = find_active(uuid);
  domain.state = {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED};
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
  co_return;
}

asio::awaitable<void> FakeDriver::shutdown(Uuid uuid, Flags) {
  calls.emplace_back("shutdown");
  Domain& domain = find_active(uuid);
  emit_lifecycle(domain, VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_GUEST);
  end(domain, VIR_DOMAIN_SHUTOFF_SHUTDOWN, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN);
  co_return;
}

asio::awaitable<void> FakeDriver::reboot(Uuid uuid, Flags) {
  calls.emplace_back("reboot");
  emit({handle_of(find_active(uuid)), RebootEvent{}});
  co_return;
}

asio::awaitable<void> FakeDriver::reset(Uuid uuid, Flags) {
  calls.emplace_back("reset");
  emit({handle_of(find_active(uuid)), RebootEvent{}});
  co_return;
}

asio::awaitable<void> FakeDriver::destroy(Uuid uuid, Flags) {
  calls.emplace_back("destroy");
  end(find_active(uuid), VIR_DOMAIN_SHUTOFF_DESTROYED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED);
  co_return;
}

void FakeDriver::connection_closed(ConnectionId owner) {
  closed_connections.insert(owner);
  std::vector<Uuid> ending;
  for (const auto& [uuid, domain] : domains) {
    if (domain.owner == owner) {
      ending.push_back(uuid);
    }
  }
  for (const Uuid& uuid : ending) {
    end(find(uuid), VIR_DOMAIN_SHUTOFF_DESTROYED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED);
  }
}

asio::awaitable<UniqueFd> FakeDriver::open_console(Uuid uuid, std::string device) {
  const Domain& domain = find_active(uuid);
  if (!device.empty() && device != "serial0") {
    throw Error(ErrorCode::kInvalidArgument, text("no console device {}; there is serial0", device));
  }
  ByteArray<64> path{};
  if (ptsname_r(domain.console.get(), reinterpret_cast<char*>(path.data()), path.size()) != 0) {
    throw Error(ErrorCode::kSystemError, text("the console has no name"));
  }
  co_return UniqueFd(
      ::open(reinterpret_cast<const char*>(path.data()), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

bool FakeDriver::any_active() const {
  return std::any_of(domains.begin(), domains.end(), [](const auto& entry) { return entry.second.id >= 0; });
}

}  // namespace virtsev::daemon::test
