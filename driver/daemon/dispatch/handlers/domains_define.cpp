// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/handlers/domains_define.hpp"

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_define_xml(Request& request) {
  std::string xml = get_text(request.in);
  end_arguments(request);
  const DomainHandle domain = co_await request.driver.define(std::move(xml), 0);
  put_domain(request.out, domain);
}

asio::awaitable<void> domain_define_xml_flags(Request& request) {
  std::string xml = get_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  const DomainHandle domain = co_await request.driver.define(std::move(xml), flags);
  put_domain(request.out, domain);
}

asio::awaitable<void> domain_undefine(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.undefine(domain, 0);
}

asio::awaitable<void> domain_undefine_flags(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.undefine(domain, flags);
}

asio::awaitable<void> domain_rename(Request& request) {
  const Uuid domain = get_domain(request.in);
  std::optional<std::string> name = get_optional_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  if (!name || name->empty()) {
    throw Error(ErrorCode::kInvalidArgument, text("a domain can't be renamed to nothing: give the new name"));
  }
  co_await request.driver.rename(domain, std::move(*name), flags);
  request.out.put_int32(0);
}

void domain_get_xml_desc(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  if ((flags & (VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_MIGRATABLE)) != 0) {
    require_write_access(request);
  }
  request.out.put_string(request.driver.xml(domain, flags));
}

void domain_get_autostart(Request& request) {
  const Uuid domain = domain_argument(request);
  request.out.put_int32(request.driver.autostart(domain) ? 1 : 0);
}

asio::awaitable<void> domain_set_autostart(Request& request) {
  const Uuid domain = get_domain(request.in);
  const bool on = request.in.get_bool();
  end_arguments(request);
  co_await request.driver.set_autostart(domain, on);
}

void domain_is_persistent(Request& request) {
  const Uuid domain = domain_argument(request);
  request.out.put_int32(request.driver.is_persistent(domain) ? 1 : 0);
}

void domain_is_updated(Request& request) {
  // Devices of a running domain can't be changed, so its live definition is always the one that it started
  // with.
  request.driver.lookup_by_uuid(domain_argument(request));
  request.out.put_int32(0);
}

asio::awaitable<void> domain_set_metadata(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::int32_t kind = request.in.get_int32();
  std::optional<std::string> value = get_optional_text(request.in);
  std::optional<std::string> key = get_optional_text(request.in);
  std::optional<std::string> uri = get_optional_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  co_await request.driver.set_metadata(domain, kind, std::move(value), std::move(key), std::move(uri), flags);
}

void domain_get_metadata(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::int32_t kind = request.in.get_int32();
  const std::optional<std::string> uri = get_optional_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  request.out.put_string(request.driver.metadata(domain, kind, uri, flags));
}

}  // namespace virtsev::daemon::dispatch
