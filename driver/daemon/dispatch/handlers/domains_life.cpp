// SPDX-License-Identifier: LGPL-2.1-or-later
// Flags go to the driver as they are: it knows which it has.
#include "driver/daemon/dispatch/handlers/domains_life.hpp"

#include "driver/daemon/dispatch/codec.hpp"

namespace virtsev::daemon::dispatch {

namespace {

struct DomainAndFlags {
  Uuid domain;
  std::uint32_t flags;
};

DomainAndFlags read_domain_and_flags(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  return {domain, flags};
}

}  // namespace

asio::awaitable<void> domain_create(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.start(domain, 0, request.client.id());
}

asio::awaitable<void> domain_create_with_flags(Request& request) {
  const auto [domain, flags] = read_domain_and_flags(request);
  const DomainHandle started = co_await request.driver.start(domain, flags, request.client.id());
  put_domain(request.out, started);
}

asio::awaitable<void> domain_create_xml(Request& request) {
  std::string xml = get_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  const DomainHandle created = co_await request.driver.create(std::move(xml), flags, request.client.id());
  put_domain(request.out, created);
}

asio::awaitable<void> domain_suspend(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.suspend(domain);
}

asio::awaitable<void> domain_resume(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.resume(domain);
}

asio::awaitable<void> domain_shutdown(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.shutdown(domain, 0);
}

asio::awaitable<void> domain_shutdown_flags(Request& request) {
  const auto [domain, flags] = read_domain_and_flags(request);
  co_await request.driver.shutdown(domain, flags);
}

asio::awaitable<void> domain_reboot(Request& request) {
  const auto [domain, flags] = read_domain_and_flags(request);
  co_await request.driver.reboot(domain, flags);
}

asio::awaitable<void> domain_reset(Request& request) {
  const auto [domain, flags] = read_domain_and_flags(request);
  co_await request.driver.reset(domain, flags);
}

asio::awaitable<void> domain_destroy(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.destroy(domain, 0);
}

asio::awaitable<void> domain_destroy_flags(Request& request) {
  const auto [domain, flags] = read_domain_and_flags(request);
  co_await request.driver.destroy(domain, flags);
}

}  // namespace virtsev::daemon::dispatch
