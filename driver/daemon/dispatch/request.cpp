// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/request.hpp"

#include "driver/daemon/base/check_flags.hpp"
#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/procedures.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

void end_arguments(const Request& request) {
  if (!request.in.ok()) {
    throw Error(ErrorCode::kRpc, text("cannot decode the arguments of {} (procedure {})",
                                      request.procedure.api, request.procedure.number));
  }
}

Uuid domain_argument(Request& request) {
  const Uuid domain = get_domain(request.in);
  end_arguments(request);
  return domain;
}

Uuid domain_and_flags(Request& request, std::uint32_t allowed) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, allowed);
  return domain;
}

void check_flags(const Request& request, std::uint32_t flags, std::uint32_t allowed) {
  virtsev::daemon::check_flags(flags, allowed, request.procedure.api);
}

void require_active(const Request& request, const Uuid& domain) {
  if (request.driver.lookup_by_uuid(domain).id < 0) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain is not running"));
  }
}

void require_write_access(const Request& request) {
  if (request.session.read_only) {
    throw Error(ErrorCode::kOperationDenied,
                text("operation {} forbidden for read only access", request.procedure.api));
  }
}

std::uint32_t bounded(const Request& request, std::int64_t wanted, std::uint32_t limit) {
  if (wanted < 0 || wanted > limit) {
    throw Error(ErrorCode::kRpc,
                text("{} asks for {} elements; at most {} are given", request.procedure.api, wanted, limit));
  }
  return static_cast<std::uint32_t>(wanted);
}

}  // namespace virtsev::daemon::dispatch
