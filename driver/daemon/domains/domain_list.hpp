// SPDX-License-Identifier: LGPL-2.1-or-later
// All domains, by UUID, by name and by id; the rules that keep names and UUIDs apart.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "driver/daemon/domains/domain.hpp"

namespace virtsev::daemon {

class DomainList {
 public:
  /// The domain with this UUID and name, or a new, not yet visible one. Throws Error(kOperationFailed) where
  /// one of both belongs to another domain; a domain whose UUID is made up takes this one.
  DomainPtr find_or_add(const Uuid& uuid, const std::string& name);
  /// The domain of a guest that runs already: the one with this UUID, whatever its name, else a new, not yet
  /// visible one. Where another domain has its name, it is named NAME.UUID: a guest that runs is never given
  /// up.
  DomainPtr take_over(const Uuid& uuid, const std::string& name);
  /// Visible or not; null where there is none.
  [[nodiscard]] DomainPtr find(const Uuid& uuid) const;
  /// Takes it out, for good.
  void remove(const DomainPtr& domain);
  /// Throws Error(kOperationInvalid) where the name is taken.
  void rename(const DomainPtr& domain, const std::string& name);

  // Visible domains alone. Each throws Error(kNoDomain) in libvirt's words.
  DomainPtr by_uuid(const Uuid& uuid) const;
  DomainPtr by_name(const std::string& name) const;
  DomainPtr by_id(int id) const;

  /// Visible ones, by name.
  void for_each(const std::function<void(const DomainPtr&)>& visit) const;
  /// virConnectListAllDomainsFlags; throws Error(kInvalidArgument) for other bits.
  std::vector<DomainHandle> matching(std::uint32_t filter) const;
  [[nodiscard]] bool any_active() const;
  [[nodiscard]] bool has_name(const std::string& name) const { return names_.contains(name); }

  int next_id() { return next_id_++; }
  /// No id up to this one is given again.
  void reserve_id(int id) { next_id_ = std::max(next_id_, id + 1); }

 private:
  DomainPtr add(const Uuid& uuid, const std::string& name);

  std::map<Uuid, DomainPtr> uuids_;
  std::map<std::string, DomainPtr> names_;
  int next_id_ = 1;
};

}  // namespace virtsev::daemon
