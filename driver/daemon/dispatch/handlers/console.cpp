// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/console_registry.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_open_console(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::optional<std::string> device = get_optional_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  // SAFE asks that two clients are kept apart, which is so in any case.
  check_flags(request, flags, VIR_DOMAIN_CONSOLE_FORCE | VIR_DOMAIN_CONSOLE_SAFE);
  UniqueFd pty = co_await request.driver.open_console(domain, device.value_or(""));
  request.consoles.open(request.client, request.call, domain, std::move(pty),
                        (flags & VIR_DOMAIN_CONSOLE_FORCE) != 0);
}

asio::awaitable<void> domain_open_channel(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::optional<std::string> name = get_optional_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, 0);
  UniqueFd channel = co_await request.driver.open_channel(domain, name);
  request.client.open_stream(request.call, std::move(channel), [] {});
}

}  // namespace virtsev::daemon::dispatch
