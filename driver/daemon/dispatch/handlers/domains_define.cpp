// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

/// Unlike its newer form, it tells nothing of what was started.
asio::awaitable<void> domain_create(Request& request) {
  const Uuid domain = domain_argument(request);
  co_await request.driver.start(domain, 0, request.client.id());
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

void domain_is_updated(Request& request) {
  // Devices of a running domain can't be changed, so its live definition is always the one that it started
  // with.
  request.driver.lookup_by_uuid(domain_argument(request));
  request.out.put_int32(0);
}

}  // namespace virtsev::daemon::dispatch
