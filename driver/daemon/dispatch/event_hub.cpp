// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/event_hub.hpp"

#include <algorithm>
#include <limits>

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

namespace {

/// An event's place in the protocol: which callbacks hear of it, by which message.
struct Kind {
  std::int32_t event;      // virDomainEventID
  std::int32_t procedure;  // REMOTE_PROC_DOMAIN_EVENT_CALLBACK_*
};
Kind kind_of(const LifecycleEvent&) { return {VIR_DOMAIN_EVENT_ID_LIFECYCLE, 318}; }
Kind kind_of(const RebootEvent&) { return {VIR_DOMAIN_EVENT_ID_REBOOT, 319}; }
Kind kind_of(const MetadataChangeEvent&) { return {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, 379}; }
Kind kind_of(const DeviceEvent& event) {
  switch (event.what) {
    case DeviceEvent::What::kAdded:
      return {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, 354};
    case DeviceEvent::What::kRemoved:
      return {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, 333};
    case DeviceEvent::What::kRemovalFailed:
      break;
  }
  return {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, 367};
}

void put_rest(xdr::Encoder& out, const LifecycleEvent& event) {
  out.put_int32(event.event);
  out.put_int32(event.detail);
}
void put_rest(xdr::Encoder&, const RebootEvent&) {}
void put_rest(xdr::Encoder& out, const MetadataChangeEvent& event) {
  out.put_int32(event.kind);
  put_optional_text(out, event.uri);
}
void put_rest(xdr::Encoder& out, const DeviceEvent& event) { out.put_string(event.alias); }

}  // namespace

std::int32_t EventHub::add(rpc::Client& client, std::int32_t event, const std::optional<Uuid>& domain) {
  if (event < 0 || event >= kEventCount) {
    throw Error(ErrorCode::kInternal, text("unsupported event ID {}", event));
  }
  std::size_t& count = counts_[client.id()];
  if (count >= kMaxCallbacks) {
    throw Error(ErrorCode::kResourceBusy,
                text("this connection has {} event callbacks: remove one first", count));
  }
  const auto is_taken = [this](std::int32_t callback) {
    return std::any_of(callbacks_.begin(), callbacks_.end(),
                       [callback](const auto& of_event) { return of_event.contains(callback); });
  };
  do {
    last_ = last_ == std::numeric_limits<std::int32_t>::max() ? 1 : last_ + 1;
  } while (is_taken(last_));
  callbacks_[static_cast<std::size_t>(event)].emplace(last_, Callback{&client, domain});
  ++count;
  return last_;
}

void EventHub::remove(rpc::Client& client, std::int32_t callback) {
  for (auto& of_event : callbacks_) {
    const auto found = of_event.find(callback);
    if (found != of_event.end() && found->second.client == &client) {
      of_event.erase(found);
      --counts_[client.id()];
      return;
    }
  }
  throw Error(ErrorCode::kInternal, text("domain event callback {} not registered", callback));
}

void EventHub::forget(rpc::Client& client) {
  if (counts_.erase(client.id()) == 0) {
    return;
  }
  for (auto& of_event : callbacks_) {
    std::erase_if(of_event, [&client](const auto& entry) { return entry.second.client == &client; });
  }
}

void EventHub::send(const DomainEvent& event) {
  const Kind kind = std::visit([](const auto& what) { return kind_of(what); }, event.what);
  for (const auto& [number, callback] : callbacks_[static_cast<std::size_t>(kind.event)]) {
    if (callback.domain && *callback.domain != event.domain.uuid) {
      continue;
    }
    xdr::Encoder payload;
    payload.put_int32(number);
    put_domain(payload, event.domain);
    std::visit([&payload](const auto& what) { put_rest(payload, what); }, event.what);
    callback.client->send_event(kind.procedure, payload.bytes());
  }
}

}  // namespace virtsev::daemon::dispatch
