// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/remote_service.hpp"

#include "driver/daemon/dispatch/pass_on.hpp"
#include "driver/daemon/dispatch/procedures.hpp"
#include "driver/daemon/dispatch/request.hpp"
#include "driver/rpc/error_reply.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

namespace {

dispatch::Session& session_of(rpc::Client& client) {
  if (!client.state) {
    auto session = std::make_unique<dispatch::Session>();
    session->read_only = client.read_only();
    client.state = std::move(session);
  }
  return static_cast<dispatch::Session&>(*client.state);
}

}  // namespace

RemoteService::RemoteService(Driver& driver, relay::Relay* relay) : driver_(driver), relay_(relay) {
  driver_.set_event_sink([this](const DomainEvent& event) { events_.send(event); });
}

RemoteService::~RemoteService() { driver_.set_event_sink({}); }

asio::awaitable<void> RemoteService::call(rpc::Client& client, const rpc::Call& call, xdr::Decoder& arguments,
                                          xdr::Encoder& reply) {
  const dispatch::Procedure* procedure = dispatch::find_procedure(call.procedure);
  dispatch::Session& session = session_of(client);
  if (!session.open && (procedure == nullptr || procedure->access != dispatch::Access::kStranger)) {
    throw Error(ErrorCode::kInternal, text("hypervisor connection not open"));
  }
  if (procedure == nullptr) {
    throw rpc::unknown_procedure(call.procedure);
  }
  dispatch::Request request{*procedure, driver_, events_, consoles_, client, session, call, arguments, reply};
  if (procedure->access == dispatch::Access::kReadWrite) {
    require_write_access(request);
  }
  if (procedure->upstream && relay_ != nullptr && co_await dispatch::pass_on(request, *relay_)) {
    co_return;
  }
  if (const auto* quick = std::get_if<void (*)(dispatch::Request&)>(&procedure->handler)) {
    (*quick)(request);
  } else {
    co_await std::get<asio::awaitable<void> (*)(dispatch::Request&)>(procedure->handler)(request);
  }
}

void RemoteService::disconnected(rpc::Client& client) {
  if (relay_ != nullptr) {
    relay_->disconnected(client);
  }
}

void RemoteService::closed(rpc::Client& client) {
  disconnected(client);  // A call that began late may have asked once more
  events_.forget(client);
  driver_.connection_closed(client.id());
}

}  // namespace virtsev::daemon
