// SPDX-License-Identifier: LGPL-2.1-or-later
// Events: the client has numbers for its callbacks that outlive a daemon, so each is mapped to the daemon's
// own.
#include <algorithm>

#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "driver/daemon/relay/link.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::relay {
namespace {

// REMOTE_PROC_CONNECT_{NETWORK,STORAGE_POOL,NODE_DEVICE,SECRET}_EVENT_REGISTER_ANY; each deregistration is
// the next.
constexpr std::array<std::int32_t, 4> kRegistrations = {313, 368, 374, 380};

/// A callback's number, which comes first in an event and is all of a registration's reply.
std::optional<std::int32_t> number_in(ByteView payload) {
  xdr::Decoder in(payload);
  const std::int32_t number = in.get_int32();
  return in.ok() ? std::optional(number) : std::nullopt;
}

Bytes with_number(std::int32_t number, ByteView payload) {
  xdr::Encoder out;
  out.put_int32(number);
  Bytes bytes = out.take();
  const ByteView rest = payload.subspan(bytes.size());
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

}  // namespace

bool is_registration(std::int32_t procedure) {
  return std::find(kRegistrations.begin(), kRegistrations.end(), procedure) != kRegistrations.end();
}

bool is_deregistration(std::int32_t procedure) { return is_registration(procedure - 1); }

asio::awaitable<Bytes> Link::register_event(std::shared_ptr<Upstream> upstream, rpc::Call call,
                                            Bytes arguments) {
  const auto self = shared_from_this();
  if (registrations_.size() >= kMostRegistrations) {
    throw Error(
        ErrorCode::kResourceBusy,
        text("this connection has registered for {} events: deregister one first", registrations_.size()));
  }
  const std::int32_t own = next_number_++;
  registrations_[own] = {call.procedure, arguments, std::nullopt};
  try {
    // The first event may come with the reply.
    co_await upstream->call(call.procedure, arguments, note_number(own));
  } catch (...) {
    registrations_.erase(own);
    throw;
  }
  xdr::Encoder out;
  out.put_int32(own);
  co_return out.take();
}

asio::awaitable<Bytes> Link::deregister_event(rpc::Call call, Bytes arguments) {
  const std::optional<std::int32_t> own = number_in(arguments);
  const auto found = own ? registrations_.find(*own) : registrations_.end();
  if (found == registrations_.end() || found->second.procedure != call.procedure - 1) {
    throw Error(ErrorCode::kInvalidArgument, text("there is no callback of that number"));
  }
  const std::optional<std::int32_t> number = found->second.number;
  registrations_.erase(found);
  if (const auto upstream = upstream_; upstream && number) {
    co_await upstream->call(call.procedure, with_number(*number, arguments));
  }
  co_return Bytes{};
}

Upstream::AtOnce Link::note_number(std::int32_t own) {
  return [weak = weak_from_this(), own](const Upstream::Reply& reply) {
    const auto self = weak.lock();
    const auto found = self ? self->registrations_.find(own) : decltype(registrations_)::iterator();
    if (self && !reply.failed && found != self->registrations_.end()) {
      found->second.number = number_in(reply.payload());
    }
  };
}

void Link::event(std::int32_t procedure, ByteView payload) {
  const std::optional<std::int32_t> number = number_in(payload);
  if (!number || client_ == nullptr) {
    return;
  }
  for (const auto& [own, registration] : registrations_) {
    if (registration.number == number) {
      client_->send_event(procedure, with_number(own, payload));
      return;
    }
  }
}

asio::awaitable<void> Link::recover(std::shared_ptr<Link> self) {
  asio::steady_timer pause(self->executor_);
  for (auto length = kFirstPause; self->client_ != nullptr; length = std::min(length * 2, kLongestPause)) {
    pause.expires_after(length);
    asio::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (self->client_ == nullptr || self->registrations_.empty()) {
      break;
    }
    try {
      if (const auto upstream = co_await self->upstream()) {
        co_await self->register_again(upstream);
        break;
      }
    } catch (const Error&) {
      continue;  // Not back yet
    }
  }
  self->recovering_ = false;
}

asio::awaitable<void> Link::register_again(std::shared_ptr<Upstream> upstream) {
  std::vector<std::int32_t> own;
  for (const auto& [number, registration] : registrations_) {
    own.push_back(number);
  }
  for (const std::int32_t each : own) {
    const auto found = registrations_.find(each);
    if (found == registrations_.end() || found->second.number) {
      continue;
    }
    const Registration registration = found->second;
    try {
      co_await upstream->call(registration.procedure, registration.arguments, note_number(each));
    } catch (const Error&) {
      if (upstream->lost()) {
        throw;  // Again, all that is left
      }
      // What it was about is gone: no event of it comes any more.
    }
  }
}

}  // namespace virtsev::daemon::relay
