// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's calls that the agent in a guest answers.
#include <algorithm>

#include <libvirt/libvirt.h>

#include "driver/daemon/agent/agent_answers.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::size_t kMaxParameters = 2048;  // REMOTE_DOMAIN_GUEST_INFO_PARAMS_MAX
constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr bool kSlow = true;

// virDomainGuestInfoTypes, in their order.
constexpr std::uint32_t kInfoTypes[] = {VIR_DOMAIN_GUEST_INFO_USERS,      VIR_DOMAIN_GUEST_INFO_OS,
                                        VIR_DOMAIN_GUEST_INFO_TIMEZONE,   VIR_DOMAIN_GUEST_INFO_HOSTNAME,
                                        VIR_DOMAIN_GUEST_INFO_FILESYSTEM, VIR_DOMAIN_GUEST_INFO_INTERFACES};

/// The definition's names for the disks that the agent found. It says which those are, so a guest that lies
/// names another disk of its own.
void name_disks(std::vector<GuestFileSystem>& systems, const domain_xml::DomainDefinition& definition) {
  for (GuestFileSystem& system : systems) {
    for (GuestDisk& disk : system.disks) {
      const auto found =
          std::find_if(definition.disks.begin(), definition.disks.end(), [&disk](const auto& each) {
            return each.port == 0 && each.slot != 0 && disk.slot == std::uint64_t{each.slot};
          });
      if (found != definition.disks.end()) {
        disk.target = found->target;
      }
    }
  }
}

[[noreturn]] void refuse_mount_points(const char* what) {
  throw Error(ErrorCode::kArgumentUnsupported,
              text("the agent in a guest can {} only all of its file systems; name none", what));
}

}  // namespace

asio::awaitable<std::string> Hypervisor::guest_hostname(Uuid domain, Flags flags) {
  if ((flags & VIR_DOMAIN_GET_HOSTNAME_LEASE) != 0) {
    throw Error(ErrorCode::kArgumentUnsupported,
                text("virtsev does not look for host names in leases; use --source agent"));
  }
  AgentCommand command("guest-get-host-name");
  const AgentValue answer =
      co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command));
  co_return host_name_in(answer);
}

asio::awaitable<GuestTime> Hypervisor::guest_time(Uuid domain) {
  AgentCommand command("guest-get-time");
  const AgentValue answer =
      co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command));
  co_return time_in(answer);
}

asio::awaitable<void> Hypervisor::set_guest_time(Uuid domain, std::int64_t seconds, std::uint32_t nanoseconds,
                                                 Flags flags) {
  AgentCommand command("guest-set-time");
  if ((flags & VIR_DOMAIN_TIME_SYNC) == 0) {
    // The agent's number is signed, of nanoseconds.
    if (seconds < 0 || seconds >= INT64_MAX / kNanoseconds || nanoseconds >= kNanoseconds) {
      throw Error(ErrorCode::kInvalidArgument,
                  text("invalid argument: the guest agent can't set a clock to {} s and {} ns", seconds,
                       nanoseconds));
    }
    const std::int64_t time = seconds * kNanoseconds + nanoseconds;
    command = AgentCommand("guest-set-time", {{"time", time}});
  }
  co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command));
}

asio::awaitable<void> Hypervisor::trim(Uuid domain, std::optional<std::string> mount_point,
                                       std::uint64_t minimum) {
  if (mount_point) {
    refuse_mount_points("trim");
  }
  if (minimum > INT64_MAX) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: a minimum of {} bytes is more than the guest agent knows", minimum));
  }
  AgentCommand command("guest-fstrim", {{"minimum", static_cast<std::int64_t>(minimum)}});
  const AgentValue answer =
      co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command), kSlow);
  check_trimmed(answer);
}

asio::awaitable<std::int32_t> Hypervisor::freeze(Uuid domain, std::vector<std::string> mount_points) {
  AgentCommand command("guest-fsfreeze-freeze");
  if (!mount_points.empty()) {
    command = AgentCommand("guest-fsfreeze-freeze-list", {{"mountpoints", mount_points}});
  }
  const AgentValue answer =
      co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command), kSlow);
  co_return count_in(answer);
}

asio::awaitable<std::int32_t> Hypervisor::thaw(Uuid domain, std::vector<std::string> mount_points) {
  if (!mount_points.empty()) {
    refuse_mount_points("thaw");
  }
  AgentCommand command("guest-fsfreeze-thaw");
  const AgentValue answer =
      co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command), kSlow);
  co_return count_in(answer);
}

asio::awaitable<std::vector<GuestFileSystem>> Hypervisor::guest_file_systems(Uuid uuid) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const std::shared_ptr<Run> run = domain->run;
  AgentCommand command("guest-get-fsinfo");
  const AgentValue answer = co_await lifecycle_.ask_agent(domain, std::move(command));
  std::vector<GuestFileSystem> systems = file_systems_in(answer);
  name_disks(systems, *run->definition);
  co_return systems;
}

asio::awaitable<std::vector<GuestInterface>> Hypervisor::guest_interfaces(Uuid domain) {
  AgentCommand command("guest-network-get-interfaces");
  const AgentValue answer =
      co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command));
  co_return interfaces_in(answer);
}

asio::awaitable<void> Hypervisor::set_user_password(Uuid domain, std::optional<std::string> user,
                                                    std::optional<std::string> password, Flags flags) {
  if (!user || !password) {
    throw Error(ErrorCode::kInvalidArgument, text("invalid argument: name a user and a password"));
  }
  const std::string encoded =
      to_base64({reinterpret_cast<const std::uint8_t*>(password->data()), password->size()});
  const bool hashed = (flags & VIR_DOMAIN_PASSWORD_ENCRYPTED) != 0;
  AgentCommand command("guest-set-user-password",
                       {{"username", *user}, {"password", encoded}, {"crypted", hashed}});
  co_await lifecycle_.ask_agent(context_.domains.by_uuid(domain), std::move(command));
}

asio::awaitable<std::vector<TypedParameter>> Hypervisor::guest_info_of_type(Uuid uuid, std::uint32_t type) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  if (type == VIR_DOMAIN_GUEST_INFO_HOSTNAME) {
    const std::string name = co_await guest_hostname(uuid, 0);
    std::vector<TypedParameter> all{{"hostname", name}};
    co_return all;
  }
  if (type == VIR_DOMAIN_GUEST_INFO_FILESYSTEM) {
    const std::vector<GuestFileSystem> systems = co_await guest_file_systems(uuid);
    co_return parameters_of(systems);
  }
  if (type == VIR_DOMAIN_GUEST_INFO_INTERFACES) {
    const std::vector<GuestInterface> interfaces = co_await guest_interfaces(uuid);
    co_return parameters_of(interfaces);
  }
  AgentCommand command(type == VIR_DOMAIN_GUEST_INFO_USERS ? "guest-get-users"
                       : type == VIR_DOMAIN_GUEST_INFO_OS  ? "guest-get-osinfo"
                                                           : "guest-get-timezone");
  const AgentValue answer = co_await lifecycle_.ask_agent(domain, std::move(command));
  co_return type == VIR_DOMAIN_GUEST_INFO_USERS ? users_in(answer)
  : type == VIR_DOMAIN_GUEST_INFO_OS            ? system_in(answer)
                                                : timezone_in(answer);
}

asio::awaitable<std::vector<TypedParameter>> Hypervisor::guest_info(Uuid domain, std::uint32_t types) {
  std::uint32_t known = 0;
  for (const std::uint32_t type : kInfoTypes) {
    known |= type;
  }
  if ((types & ~known) != 0) {
    throw Error(ErrorCode::kArgumentUnsupported,
                text("virtsev does not ask a guest for these types of information: 0x{:x}", types & ~known));
  }
  std::vector<TypedParameter> all;
  for (const std::uint32_t type : kInfoTypes) {
    if (types != 0 && (types & type) == 0) {
      continue;
    }
    std::vector<TypedParameter> some;
    try {
      some = co_await guest_info_of_type(domain, type);
    } catch (const Error& error) {
      if (types != 0 || error.code() != ErrorCode::kOperationUnsupported) {
        throw;
      }
    }
    if (all.size() + some.size() <= kMaxParameters) {
      all.insert(all.end(), some.begin(), some.end());
    } else if (types != 0) {
      throw Error(ErrorCode::kOperationFailed,
                  text("the guest agent's answers have more than {} values", kMaxParameters));
    }
  }
  co_return all;
}

}  // namespace virtsev::daemon
