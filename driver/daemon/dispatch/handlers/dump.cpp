// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/handlers/dump.hpp"

#include <utility>

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"

namespace virtsev::daemon::dispatch {

// The path is the host's, absolute: libvirt's client library makes it so. Format and flags go to the driver
// as they are.

asio::awaitable<void> domain_core_dump(Request& request) {
  const Uuid domain = get_domain(request.in);
  std::string file = get_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.core_dump(domain, std::move(file), VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, flags);
}

}  // namespace virtsev::daemon::dispatch
