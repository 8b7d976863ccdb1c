// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/event_hub.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"

namespace virtsev::daemon::dispatch {

void connect_domain_event_callback_register_any(Request& request) {
  const std::int32_t event = request.in.get_int32();
  const std::optional<Uuid> domain = get_optional_domain(request.in);
  end_arguments(request);
  request.out.put_int32(request.events.add(request.client, event, domain));
}

void connect_domain_event_callback_deregister_any(Request& request) {
  const std::int32_t callback = request.in.get_int32();
  end_arguments(request);
  request.events.remove(request.client, callback);
}

}  // namespace virtsev::daemon::dispatch
