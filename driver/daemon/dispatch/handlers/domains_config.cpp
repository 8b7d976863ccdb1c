// SPDX-License-Identifier: LGPL-2.1-or-later
// The calls without flags mean what libvirt's QEMU driver makes of them: memory and vCPUs of the running
// guest, and the most memory of whatever there is.
#include "driver/daemon/dispatch/handlers/domains_config.hpp"

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_set_max_memory(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint64_t kib = request.in.get_uint64();
  end_arguments(request);
  co_await request.driver.set_memory(domain, kib, VIR_DOMAIN_MEM_MAXIMUM);
}

asio::awaitable<void> domain_set_memory(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint64_t kib = request.in.get_uint64();
  end_arguments(request);
  co_await request.driver.set_memory(domain, kib, VIR_DOMAIN_AFFECT_LIVE);
}

asio::awaitable<void> domain_set_memory_flags(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint64_t kib = request.in.get_uint64();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.set_memory(domain, kib, flags);
}

asio::awaitable<void> domain_set_vcpus(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t count = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.set_vcpus(domain, count, VIR_DOMAIN_AFFECT_LIVE);
}

asio::awaitable<void> domain_set_vcpus_flags(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t count = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.set_vcpus(domain, count, flags);
}

asio::awaitable<void> domain_set_lifecycle_action(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t type = request.in.get_uint32();
  const std::uint32_t action = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.set_lifecycle_action(domain, type, action, flags);
}

}  // namespace virtsev::daemon::dispatch
