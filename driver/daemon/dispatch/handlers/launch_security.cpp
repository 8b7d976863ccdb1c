// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"

namespace virtsev::daemon::dispatch {

namespace {

constexpr std::uint32_t kStrings = VIR_TYPED_PARAM_STRING_OKAY;

}  // namespace

asio::awaitable<void> node_get_sev_info(Request& request) {
  request.in.get_int32();  // nparams: libvirt 9.0.0's client sends whatever was on its stack
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, kStrings);
  const std::vector<TypedParameter> parameters = co_await request.driver.sev_info();
  const std::uint32_t count = put_typed_parameters(request.out, parameters, (flags & kStrings) != 0);
  request.out.put_int32(static_cast<std::int32_t>(count));
}

void domain_get_launch_security_info(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, kStrings);
  put_typed_parameters(request.out, request.driver.launch_security_info(domain), (flags & kStrings) != 0);
}

asio::awaitable<void> domain_set_launch_security_state(Request& request) {
  constexpr std::uint32_t kMaxParameters = 64;  // REMOTE_DOMAIN_LAUNCH_SECURITY_STATE_PARAMS_MAX
  const Uuid domain = get_domain(request.in);
  std::vector<TypedParameter> parameters = get_typed_parameters(request.in, kMaxParameters);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, kStrings);
  co_await request.driver.set_launch_security_state(domain, std::move(parameters));
}

}  // namespace virtsev::daemon::dispatch
