// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"

namespace virtsev::daemon::dispatch {

namespace {

void put_count(Request& request, std::uint32_t filter) {
  const std::size_t count = std::min<std::size_t>(request.driver.list_all(filter).size(), kMaxList);
  request.out.put_int32(static_cast<std::int32_t>(count));
}

}  // namespace

void domain_lookup_by_uuid(Request& request) {
  const Uuid uuid = get_uuid(request.in);
  end_arguments(request);
  put_domain(request.out, request.driver.lookup_by_uuid(uuid));
}

void connect_list_domains(Request& request) {
  const std::int32_t wanted = request.in.get_int32();
  end_arguments(request);
  const std::uint32_t most = bounded(request, wanted, kMaxList);
  const std::vector<DomainHandle> domains = request.driver.list_all(VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  const std::size_t count = std::min<std::size_t>(domains.size(), most);
  request.out.put_uint32(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    request.out.put_int32(domains[i].id);
  }
}

void connect_list_defined_domains(Request& request) {
  const std::int32_t wanted = request.in.get_int32();
  end_arguments(request);
  const std::uint32_t most = bounded(request, wanted, kMaxList);
  std::vector<std::string> names;
  for (const DomainHandle& domain : request.driver.list_all(VIR_CONNECT_LIST_DOMAINS_INACTIVE)) {
    if (names.size() == most) {
      break;
    }
    names.push_back(domain.name);
  }
  put_names(request.out, names);
}

void connect_num_of_domains(Request& request) { put_count(request, VIR_CONNECT_LIST_DOMAINS_ACTIVE); }

void connect_num_of_defined_domains(Request& request) {
  put_count(request, VIR_CONNECT_LIST_DOMAINS_INACTIVE);
}

void connect_list_all_domains(Request& request) {
  constexpr std::uint32_t kAllFilters = (VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT << 1) - 1;
  const bool need_results = request.in.get_bool();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, kAllFilters);
  const std::vector<DomainHandle> domains = request.driver.list_all(flags);
  bounded(request, static_cast<std::int64_t>(domains.size()), kMaxList);
  put_domains(request.out, need_results ? domains : std::vector<DomainHandle>{});
  request.out.put_uint32(static_cast<std::uint32_t>(domains.size()));
}

}  // namespace virtsev::daemon::dispatch
