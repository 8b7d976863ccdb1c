// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/domains/domain_list.hpp"

#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// One group of filter bits: no bit at all, or one that holds.
struct Filter {
  std::uint32_t bits;
  bool passes(std::uint32_t group, std::uint32_t holding) const {
    return (bits & group) == 0 || (bits & holding) != 0;
  }
};

std::uint32_t state_bit(int state) {
  switch (state) {
    case VIR_DOMAIN_RUNNING:
      return VIR_CONNECT_LIST_DOMAINS_RUNNING;
    case VIR_DOMAIN_PAUSED:
      return VIR_CONNECT_LIST_DOMAINS_PAUSED;
    case VIR_DOMAIN_SHUTOFF:
      return VIR_CONNECT_LIST_DOMAINS_SHUTOFF;
    default:
      return VIR_CONNECT_LIST_DOMAINS_OTHER;
  }
}

bool matches(const Domain& domain, Filter filter) {
  constexpr std::uint32_t kStates = VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
                                    VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER;
  // No domain here has a managed save image, snapshots or checkpoints.
  return filter.passes(
             VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE,
             domain.active() ? VIR_CONNECT_LIST_DOMAINS_ACTIVE : VIR_CONNECT_LIST_DOMAINS_INACTIVE) &&
         filter.passes(
             VIR_CONNECT_LIST_DOMAINS_PERSISTENT | VIR_CONNECT_LIST_DOMAINS_TRANSIENT,
             domain.persistent ? VIR_CONNECT_LIST_DOMAINS_PERSISTENT : VIR_CONNECT_LIST_DOMAINS_TRANSIENT) &&
         filter.passes(kStates, state_bit(domain.state().state)) &&
         filter.passes(
             VIR_CONNECT_LIST_DOMAINS_AUTOSTART | VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART,
             domain.autostart ? VIR_CONNECT_LIST_DOMAINS_AUTOSTART : VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART) &&
         filter.passes(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE | VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE,
                       VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE) &&
         filter.passes(VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT | VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT,
                       VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT) &&
         filter.passes(VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT | VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT,
                       VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT);
}

}  // namespace

DomainPtr DomainList::find_or_add(const Uuid& uuid, const std::string& name) {
  const auto by_uuid = uuids_.find(uuid);
  if (by_uuid != uuids_.end()) {
    if (by_uuid->second->name != name) {
      throw Error(ErrorCode::kOperationFailed, text("domain '{}' is already defined with uuid {}; use "
                                                    "another <uuid>, or leave it out for a new one",
                                                    by_uuid->second->name, domain_xml::format_uuid(uuid)));
    }
    return by_uuid->second;
  }
  const auto by_name = names_.find(name);
  if (by_name != names_.end() && by_name->second->made_up_uuid && !by_name->second->active()) {
    DomainPtr domain = by_name->second;
    uuids_.erase(domain->uuid);
    domain->uuid = uuid;
    domain->made_up_uuid = false;
    uuids_.emplace(uuid, domain);
    return domain;
  }
  if (by_name != names_.end()) {
    throw Error(
        ErrorCode::kOperationFailed,
        text("domain '{}' already exists with uuid {}; use another <name>, or this <uuid> to change it", name,
             domain_xml::format_uuid(by_name->second->uuid)));
  }
  return add(uuid, name);
}

DomainPtr DomainList::find(const Uuid& uuid) const {
  const auto found = uuids_.find(uuid);
  return found != uuids_.end() ? found->second : nullptr;
}

DomainPtr DomainList::take_over(const Uuid& uuid, const std::string& name) {
  if (DomainPtr known = find(uuid)) {
    return known;
  }
  return add(uuid, names_.contains(name) ? name + "." + domain_xml::format_uuid(uuid) : name);
}

DomainPtr DomainList::add(const Uuid& uuid, const std::string& name) {
  auto domain = std::make_shared<Domain>();
  domain->name = name;
  domain->uuid = uuid;
  uuids_.emplace(uuid, domain);
  names_.emplace(name, domain);
  return domain;
}

void DomainList::remove(const DomainPtr& domain) {
  domain->removed = true;
  uuids_.erase(domain->uuid);
  names_.erase(domain->name);
}

void DomainList::rename(const DomainPtr& domain, const std::string& name) {
  if (!names_.emplace(name, domain).second) {
    throw Error(ErrorCode::kOperationInvalid, text("domain with name '{}' already exists", name));
  }
  names_.erase(domain->name);
  domain->name = name;
}

DomainPtr DomainList::by_uuid(const Uuid& uuid) const {
  const auto found = uuids_.find(uuid);
  if (found == uuids_.end() || !found->second->visible) {
    throw Error(ErrorCode::kNoDomain,
                text("Domain not found: no domain with matching uuid '{}'", domain_xml::format_uuid(uuid)));
  }
  return found->second;
}

DomainPtr DomainList::by_name(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end() || !found->second->visible) {
    throw Error(ErrorCode::kNoDomain, text("Domain not found: no domain with matching name '{}'", name));
  }
  return found->second;
}

DomainPtr DomainList::by_id(int id) const {
  for (const auto& [uuid, domain] : uuids_) {
    if (domain->visible && domain->run && domain->run->id == id) {
      return domain;
    }
  }
  throw Error(ErrorCode::kNoDomain, text("Domain not found: no domain with matching id {}", id));
}

void DomainList::for_each(const std::function<void(const DomainPtr&)>& visit) const {
  std::vector<DomainPtr> all;  // A copy: the visitor may change the list
  for (const auto& [name, domain] : names_) {
    if (domain->visible) {
      all.push_back(domain);
    }
  }
  for (const DomainPtr& domain : all) {
    visit(domain);
  }
}

std::vector<DomainHandle> DomainList::matching(std::uint32_t filter) const {
  constexpr std::uint32_t kAllFilters = 0xffff;
  check_flags(filter, kAllFilters, "virConnectListAllDomains");
  std::vector<DomainHandle> found;
  for (const auto& [name, domain] : names_) {
    if (domain->visible && matches(*domain, Filter{filter})) {
      found.push_back(domain->handle());
    }
  }
  return found;
}

bool DomainList::any_active() const {
  for (const auto& [uuid, domain] : uuids_) {
    if (domain->run) {
      return true;
    }
  }
  return false;
}

}  // namespace virtsev::daemon
