// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/agent/agent_answers.hpp"

#include <algorithm>

#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// REMOTE_DOMAIN_FSINFO_MAX, REMOTE_DOMAIN_FSINFO_DISKS_MAX, REMOTE_DOMAIN_INTERFACE_MAX,
// REMOTE_DOMAIN_IP_ADDR_MAX, and of users as many as virDomainGetGuestInfo has room for.
constexpr std::size_t kMaxFileSystems = 256, kMaxDisks = 256, kMaxInterfaces = 2048, kMaxAddresses = 2048,
                      kMaxUsers = 1000;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

[[noreturn]] void refuse_member(const char* member) {
  throw Error(ErrorCode::kOperationFailed,
              text("what the guest agent answered is not of its protocol, or too long: '{}'", member));
}

template <typename Value>
Value require(std::optional<Value> value, const char* member) {
  if (!value) {
    refuse_member(member);
  }
  return *std::move(value);
}

AgentValue member(const AgentValue& object, const char* name) { return require(object.find(name), name); }

std::string string_in(const AgentValue& object, const char* name) {
  return require(member(object, name).string(), name);
}

/// None where it is not there, or is nothing of the kind.
std::optional<std::string> optional_string(const AgentValue& object, const char* name) {
  const auto found = object.find(name);
  return found ? found->string() : std::nullopt;
}

std::optional<std::uint64_t> optional_number(const AgentValue& object, const char* name) {
  const auto found = object.find(name);
  return found ? found->number() : std::nullopt;
}

GuestDisk disk_in(const AgentValue& value) {
  GuestDisk disk;
  disk.serial = optional_string(value, "serial");
  disk.device = optional_string(value, "dev");
  const AgentValue place = member(value, "pci-controller");  // -1 where it is unknown, which is no number()
  if (optional_number(place, "domain") == 0U && optional_number(place, "bus") == 0U &&
      optional_number(place, "function") == 0U) {
    disk.slot = optional_number(place, "slot");
  }
  return disk;
}

GuestFileSystem file_system_in(const AgentValue& value) {
  GuestFileSystem system;
  system.mount_point = string_in(value, "mountpoint");
  system.name = string_in(value, "name");
  system.type = string_in(value, "type");
  system.total_bytes = optional_number(value, "total-bytes");
  system.used_bytes = optional_number(value, "used-bytes");
  for (const AgentValue& disk : require(member(value, "disk").list(kMaxDisks), "disk")) {
    system.disks.push_back(disk_in(disk));
  }
  return system;
}

GuestInterface::Address address_in(const AgentValue& value) {
  constexpr std::uint64_t kMaxPrefix = 128;
  const std::string kind = string_in(value, "ip-address-type");
  const std::uint64_t prefix = require(member(value, "prefix").number(), "prefix");
  if ((kind != "ipv4" && kind != "ipv6") || prefix > kMaxPrefix) {
    refuse_member("ip-addresses");
  }
  return {kind == "ipv6", string_in(value, "ip-address"), static_cast<std::uint32_t>(prefix)};
}

GuestInterface& interface_named(std::vector<GuestInterface>& interfaces, const std::string& name) {
  const auto found = std::find_if(interfaces.begin(), interfaces.end(),
                                  [&name](const GuestInterface& each) { return each.name == name; });
  if (found != interfaces.end()) {
    return *found;
  }
  GuestInterface& added = interfaces.emplace_back();
  added.name = name;
  return added;
}

}  // namespace

std::string host_name_in(const AgentValue& answer) { return string_in(answer, "host-name"); }

GuestTime time_in(const AgentValue& answer) {
  const std::int64_t time = require(answer.signed_number(), "return");
  if (time < 0) {
    refuse_member("return");
  }
  return {time / kNanoseconds, static_cast<std::uint32_t>(time % kNanoseconds)};
}

std::int32_t count_in(const AgentValue& answer) {
  const std::uint64_t count = require(answer.number(), "return");
  if (count > INT32_MAX) {
    refuse_member("return");
  }
  return static_cast<std::int32_t>(count);
}

std::vector<GuestFileSystem> file_systems_in(const AgentValue& answer) {
  std::vector<GuestFileSystem> systems;
  for (const AgentValue& each : require(answer.list(kMaxFileSystems), "return")) {
    systems.push_back(file_system_in(each));
  }
  std::reverse(systems.begin(), systems.end());  // The agent begins with the last that was mounted
  return systems;
}

std::vector<GuestInterface> interfaces_in(const AgentValue& answer) {
  std::vector<GuestInterface> interfaces;
  for (const AgentValue& each : require(answer.list(kMaxInterfaces), "return")) {
    const std::string name = string_in(each, "name");
    GuestInterface& interface = interface_named(interfaces, name.substr(0, name.find(':')));
    if (!interface.mac) {
      interface.mac = optional_string(each, "hardware-address");
    }
    const auto addresses = each.find("ip-addresses");
    if (!addresses) {
      continue;
    }
    for (const AgentValue& address : require(addresses->list(kMaxAddresses), "ip-addresses")) {
      if (interface.addresses.size() >= kMaxAddresses) {
        refuse_member("ip-addresses");
      }
      interface.addresses.push_back(address_in(address));
    }
  }
  return interfaces;
}

void check_trimmed(const AgentValue& answer) {
  const auto paths = answer.find("paths");  // Older agents answer an empty object
  if (!paths) {
    return;
  }
  std::string first_failure;
  bool any = false;
  for (const AgentValue& path : require(paths->list(kMaxFileSystems), "paths")) {
    const auto failure = optional_string(path, "error");
    any = any || !failure;
    if (failure && first_failure.empty()) {
      first_failure = text("{}: {}", optional_string(path, "path").value_or("?"), *failure);
    }
  }
  if (!any && !first_failure.empty()) {
    throw Error(ErrorCode::kOperationFailed,
                text("the guest could trim none of its file systems: {}", first_failure));
  }
}

std::vector<TypedParameter> users_in(const AgentValue& answer) {
  constexpr double kMostSeconds = 1e15;
  const auto users = require(answer.list(kMaxUsers), "return");
  std::vector<TypedParameter> all{{"user.count", static_cast<std::uint32_t>(users.size())}};
  for (std::size_t i = 0; i < users.size(); ++i) {
    const std::string prefix = "user." + std::to_string(i);
    all.push_back({prefix + ".name", string_in(users[i], "user")});
    if (auto domain = optional_string(users[i], "domain")) {
      all.push_back({prefix + ".domain", *std::move(domain)});
    }
    const double login = require(member(users[i], "login-time").real(), "login-time");
    if (!(login >= 0 && login <= kMostSeconds)) {
      refuse_member("login-time");
    }
    all.push_back({prefix + ".login-time", static_cast<std::uint64_t>(login * 1000)});
  }
  return all;
}

std::vector<TypedParameter> system_in(const AgentValue& answer) {
  if (!answer.is_object()) {
    refuse_member("return");
  }
  std::vector<TypedParameter> all;
  for (const char* name : {"id", "name", "pretty-name", "version", "version-id", "machine", "variant",
                           "variant-id", "kernel-release", "kernel-version"}) {
    if (auto value = optional_string(answer, name)) {
      all.push_back({std::string("os.") + name, *std::move(value)});
    }
  }
  return all;
}

std::vector<TypedParameter> timezone_in(const AgentValue& answer) {
  constexpr std::int64_t kMostSeconds = 86400;
  std::vector<TypedParameter> all;
  if (auto name = optional_string(answer, "zone")) {
    all.push_back({"timezone.name", *std::move(name)});
  }
  const std::int64_t offset = require(member(answer, "offset").signed_number(), "offset");
  if (offset < -kMostSeconds || offset > kMostSeconds) {
    refuse_member("offset");
  }
  all.push_back({"timezone.offset", static_cast<std::int32_t>(offset)});
  return all;
}

std::vector<TypedParameter> parameters_of(const std::vector<GuestFileSystem>& file_systems) {
  std::vector<TypedParameter> all{{"fs.count", static_cast<std::uint32_t>(file_systems.size())}};
  for (std::size_t i = 0; i < file_systems.size(); ++i) {
    const GuestFileSystem& system = file_systems[i];
    const std::string prefix = "fs." + std::to_string(i);
    all.push_back({prefix + ".mountpoint", system.mount_point});
    all.push_back({prefix + ".name", system.name});
    all.push_back({prefix + ".fstype", system.type});
    if (system.total_bytes) {
      all.push_back({prefix + ".total-bytes", *system.total_bytes});
    }
    if (system.used_bytes) {
      all.push_back({prefix + ".used-bytes", *system.used_bytes});
    }
    all.push_back({prefix + ".disk.count", static_cast<std::uint32_t>(system.disks.size())});
    for (std::size_t j = 0; j < system.disks.size(); ++j) {
      const GuestDisk& disk = system.disks[j];
      const std::string disk_prefix = prefix + ".disk." + std::to_string(j);
      if (!disk.target.empty()) {
        all.push_back({disk_prefix + ".alias", disk.target});
      }
      if (disk.serial) {
        all.push_back({disk_prefix + ".serial", *disk.serial});
      }
      if (disk.device) {
        all.push_back({disk_prefix + ".device", *disk.device});
      }
    }
  }
  return all;
}

std::vector<TypedParameter> parameters_of(const std::vector<GuestInterface>& interfaces) {
  std::vector<TypedParameter> all{{"if.count", static_cast<std::uint32_t>(interfaces.size())}};
  for (std::size_t i = 0; i < interfaces.size(); ++i) {
    const GuestInterface& interface = interfaces[i];
    const std::string prefix = "if." + std::to_string(i);
    all.push_back({prefix + ".name", interface.name});
    if (interface.mac) {
      all.push_back({prefix + ".hwaddr", *interface.mac});
    }
    all.push_back({prefix + ".addr.count", static_cast<std::uint32_t>(interface.addresses.size())});
    for (std::size_t j = 0; j < interface.addresses.size(); ++j) {
      const GuestInterface::Address& address = interface.addresses[j];
      const std::string address_prefix = prefix + ".addr." + std::to_string(j);
      all.push_back({address_prefix + ".type", std::string(address.v6 ? "ipv6" : "ipv4")});
      all.push_back({address_prefix + ".addr", address.address});
      all.push_back({address_prefix + ".prefix", address.prefix});
    }
  }
  return all;
}

}  // namespace virtsev::daemon
