// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"

namespace virtsev::daemon::dispatch {

/// Flags go to the driver as they are. A size of 0 asks whether the call would succeed.
asio::awaitable<void> domain_memory_peek(Request& request) {
  constexpr std::uint32_t kMaxBytes = 4U << 20;  // REMOTE_DOMAIN_MEMORY_PEEK_BUFFER_MAX
  const Uuid domain = get_domain(request.in);
  const std::uint64_t address = request.in.get_uint64();
  const std::uint32_t size = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  bounded(request, size, kMaxBytes);
  const Bytes memory = co_await request.driver.memory_peek(domain, address, size, flags);
  request.out.put_opaque(memory);
}

asio::awaitable<void> domain_core_dump(Request& request) {
  const Uuid domain = get_domain(request.in);
  std::string file = get_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.core_dump(domain, std::move(file), VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, flags);
}

}  // namespace virtsev::daemon::dispatch
