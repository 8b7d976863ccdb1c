// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/link.hpp"

#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::relay {
namespace {

/// virStorageVolUpload, virStorageVolDownload: of what is relayed, only these open streams.
bool opens_stream(std::int32_t procedure) {
  constexpr std::int32_t kUpload = 208, kDownload = 209;
  return procedure == kUpload || procedure == kDownload;
}

}  // namespace

Link::Link(const asio::any_io_executor& executor, rpc::Client& client, Purpose purpose,
           std::shared_ptr<rpc::MemoryBudget> budget)
    : executor_(executor),
      client_(&client),
      purpose_(std::move(purpose)),
      budget_(std::move(budget)),
      opened_(executor) {}

asio::awaitable<std::shared_ptr<Upstream>> Link::upstream() {
  const auto self = shared_from_this();
  while (opening_ && client_ != nullptr) {
    co_await opened_.wait();
  }
  if (client_ == nullptr) {
    throw Error(ErrorCode::kRpc, text("the client is gone"));
  }
  if (upstream_) {
    co_return upstream_;
  }
  opening_ = true;
  Upstream::Hooks hooks;
  hooks.event = [weak = weak_from_this()](std::int32_t procedure, ByteView payload) {
    if (const auto link = weak.lock()) {
      link->event(procedure, payload);
    }
  };
  hooks.lost = [weak = weak_from_this()] {
    if (const auto link = weak.lock()) {
      link->lost();
    }
  };
  std::exception_ptr failure;
  try {
    upstream_ = co_await connect_upstream(executor_, purpose_, budget_, std::move(hooks));
  } catch (...) {
    failure = std::current_exception();
  }
  opening_ = false;
  opened_.notify();
  if (failure) {
    std::rethrow_exception(failure);
  }
  if (upstream_ && client_ == nullptr) {
    close();
    throw Error(ErrorCode::kRpc, text("the client is gone"));
  }
  if (upstream_ && upstream_->lost()) {
    upstream_.reset();
    throw Error(ErrorCode::kOperationFailed,
                text("the connection to libvirt's {} daemon is lost", scheme_of(purpose_.kind)));
  }
  co_return upstream_;
}

asio::awaitable<std::optional<Bytes>> Link::call(rpc::Call call, Bytes arguments) {
  const auto self = shared_from_this();
  if (is_deregistration(call.procedure)) {
    co_return co_await deregister_event(call, std::move(arguments));  // Whether or not the daemon is there
  }
  const std::shared_ptr<Upstream> daemon = co_await upstream();
  if (!daemon) {
    co_return std::nullopt;
  }
  co_return co_await ask(daemon, call, std::move(arguments));
}

asio::awaitable<Bytes> Link::ask(std::shared_ptr<Upstream> upstream, rpc::Call call, Bytes arguments) {
  if (opens_stream(call.procedure)) {
    co_return co_await open_stream(std::move(upstream), call, std::move(arguments));
  }
  if (is_registration(call.procedure)) {
    co_return co_await register_event(std::move(upstream), call, std::move(arguments));
  }
  const Upstream::Reply reply = co_await upstream->call(call.procedure, arguments);
  const ByteView payload = reply.payload();
  co_return Bytes(payload.begin(), payload.end());
}

asio::awaitable<Bytes> Link::open_stream(std::shared_ptr<Upstream> upstream, rpc::Call call,
                                         Bytes arguments) {
  const auto serial = std::make_shared<std::uint32_t>(0);
  const std::weak_ptr<Upstream> weak = upstream;
  rpc::PacketHandlers handlers;
  handlers.packet = [weak, serial, procedure = call.procedure](rpc::MessageType type,
                                                               rpc::MessageStatus status, ByteView payload) {
    if (const auto daemon = weak.lock()) {
      daemon->stream_packet(procedure, *serial, type, status, payload);
    }
  };
  handlers.backlog = [weak] {
    const auto daemon = weak.lock();
    return daemon ? daemon->backlog() : 0;
  };
  // Before the call: its first packets may come with the reply. Where the call fails, the stream goes with
  // it.
  const std::weak_ptr<rpc::PacketStream> stream = client_->open_packet_stream(call, std::move(handlers));
  const Upstream::Reply reply =
      co_await upstream->call_with_stream(call.procedure, arguments, stream, *serial);
  const ByteView payload = reply.payload();
  co_return Bytes(payload.begin(), payload.end());
}

void Link::lost() {
  upstream_.reset();
  for (auto& [number, registration] : registrations_) {
    registration.number.reset();
  }
  if (!registrations_.empty() && client_ != nullptr && !std::exchange(recovering_, true)) {
    asio::co_spawn(executor_, recover(shared_from_this()), asio::detached);
  }
}

void Link::close() {
  client_ = nullptr;
  registrations_.clear();
  if (const auto upstream = std::exchange(upstream_, nullptr)) {
    upstream->close(text("the client is gone"));
  }
  opened_.notify();
}

}  // namespace virtsev::daemon::relay
