// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/handlers/empty.hpp"

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/procedures.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

void empty_count(Request& request) { request.out.put_int32(0); }

void empty_list(Request& request) { request.out.put_uint32(0); }

void empty_count_of_domain(Request& request, std::uint32_t filters) {
  const Uuid domain = domain_and_flags(request, filters);
  request.driver.lookup_by_uuid(domain);
  request.out.put_int32(0);
}

void empty_list_of_domain(Request& request, std::uint32_t filters) {
  const Uuid domain = get_domain(request.in);
  request.in.get_bool();  // need_results
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, filters);
  request.driver.lookup_by_uuid(domain);
  request.out.put_uint32(0);
  request.out.put_int32(0);
}

void empty_names_of_domain(Request& request, std::uint32_t filters) {
  const Uuid domain = get_domain(request.in);
  request.in.get_int32();  // maxnames
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, filters);
  request.driver.lookup_by_uuid(domain);
  request.out.put_uint32(0);
}

void domain_get_disk_errors(Request& request) {
  const Uuid domain = get_domain(request.in);
  request.in.get_uint32();  // maxerrors
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, 0);
  require_active(request, domain);
  request.out.put_uint32(0);
  request.out.put_int32(0);
}

void domain_get_iothread_info(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG);
  request.driver.lookup_by_uuid(domain);
  if ((flags & VIR_DOMAIN_AFFECT_LIVE) != 0) {
    require_active(request, domain);
  }
  request.out.put_uint32(0);
  request.out.put_uint32(0);
}

asio::awaitable<void> domain_interface_addresses(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t source = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, 0);
  if (source == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT) {
    require_write_access(request);
    const std::vector<GuestInterface> interfaces = co_await request.driver.guest_interfaces(domain);
    put_result(request.out, interfaces);
    co_return;
  }
  if (source != VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE &&
      source != VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP) {
    throw Error(ErrorCode::kArgumentUnsupported, text("there is no source of addresses {}", source));
  }
  require_active(request, domain);
  request.out.put_uint32(0);
}

void domain_get_security_label_list(Request& request) {
  request.driver.lookup_by_uuid(domain_argument(request));
  request.out.put_uint32(0);
  request.out.put_int32(0);
}

void not_there(Request& request) {
  throw Error(ErrorCode::kNoSupport,
              text("this function is not supported by the connection driver: {}", request.procedure.api));
}

}  // namespace virtsev::daemon::dispatch
