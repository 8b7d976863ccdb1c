// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/handlers/empty.hpp"

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/procedures.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

void empty_count(Request& request) { request.out.put_int32(0); }

void empty_list(Request& request) { request.out.put_uint32(0); }

void empty_list_all(Request& request, std::uint32_t filters) {
  request.in.get_bool();  // need_results
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, filters);
  request.out.put_uint32(0);
  request.out.put_uint32(0);
}

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

void not_there(Request& request) {
  throw Error(ErrorCode::kNoSupport,
              text("this function is not supported by the connection driver: {}", request.procedure.api));
}

}  // namespace virtsev::daemon::dispatch
