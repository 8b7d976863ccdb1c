// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/upstream.hpp"

#include <utility>

#include <asio/co_spawn.hpp>

#include "driver/rpc/error_reply.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::relay {
Upstream::Upstream(const asio::any_io_executor& executor, std::string daemon, UniqueFd socket,
                   std::shared_ptr<rpc::MemoryBudget> budget, std::optional<uid_t> reader)
    : executor_(executor),
      daemon_(std::move(daemon)),
      budget_(std::move(budget)),
      reader_(reader),
      transport_(std::make_shared<rpc::Transport>(executor, std::move(socket), budget_, reader)),
      passed_on_(executor) {}

void Upstream::start(Hooks hooks) {
  hooks_ = std::move(hooks);
  const std::weak_ptr<Upstream> weak = weak_from_this();
  transport_->set_failure_handler([weak] {
    if (const auto self = weak.lock()) {
      self->lose(text("the connection to libvirt's daemon at {} is lost", self->daemon_));
    }
  });
  constexpr std::size_t kLittle = 1U << 18;
  transport_->set_drain_handler(kLittle, [weak] {
    const auto self = weak.lock();
    for (const auto& [serial, stream] : self ? self->streams_ : decltype(streams_){}) {
      if (const auto client = stream.lock()) {
        client->drained();
      }
    }
  });
  asio::co_spawn(executor_, read_all(shared_from_this()),
                 [self = shared_from_this()](const std::exception_ptr&) {
                   self->lose(text("the connection to libvirt's daemon at {} is lost", self->daemon_));
                 });
}

asio::awaitable<void> Upstream::read_all(std::shared_ptr<Upstream> self) {
  while (!self->lost()) {
    std::optional<Message> message = co_await self->read_message();
    if (!message || self->lost() || !co_await self->dispatch(std::move(*message))) {
      co_return;
    }
  }
}

asio::awaitable<std::optional<Upstream::Message>> Upstream::read_message() {
  ByteArray<rpc::kLengthSize> word{};
  if (!co_await transport_->read(word)) {
    co_return std::nullopt;
  }
  const auto length = rpc::decode_length(word);
  if (!length) {
    co_return std::nullopt;
  }
  Message message;
  message.content.share = rpc::MemoryBudget::Share(budget_, reader_);
  Bytes& bytes = message.content.message;
  switch (co_await transport_->read_until(bytes, *length - rpc::kLengthSize, message.content.share)) {
    case rpc::Transport::Read::kWhole:
      break;
    case rpc::Transport::Read::kNoRoom:
      lose(text("libvirt's daemon at {} sends more than there is room for", daemon_));
      co_return std::nullopt;
    case rpc::Transport::Read::kEnded:
      co_return std::nullopt;
  }
  const std::optional<rpc::Header> header = rpc::decode_header(bytes);
  if (!header) {
    co_return std::nullopt;
  }
  message.header = *header;
  co_return std::move(message);
}

asio::awaitable<bool> Upstream::dispatch(Message message) {
  const rpc::Header header = message.header;
  if (header.program == rpc::kKeepaliveProgram && header.procedure == rpc::kKeepalivePing) {
    rpc::Header pong = header;
    pong.procedure = rpc::kKeepalivePong;
    transport_->send(rpc::make_message(pong));
    co_return true;
  }
  if (header.program != rpc::kRemoteProgram) {
    co_return true;
  }
  switch (header.type) {
    case rpc::MessageType::kReply: {
      const auto found = waiting_.find(header.serial);
      if (found == waiting_.end()) {
        co_return false;
      }
      const std::shared_ptr<Waiting> waiting = found->second;
      waiting_.erase(found);
      waiting->reply = std::move(message.content);
      waiting->reply->failed = header.status != rpc::MessageStatus::kOk;
      if (waiting->at_once) {
        waiting->at_once(*waiting->reply);
      }
      waiting->gate.notify();
      co_return true;
    }
    case rpc::MessageType::kMessage:
      if (hooks_.event) {
        hooks_.event(header.procedure, message.content.payload());
      }
      co_return true;
    case rpc::MessageType::kStream:
    case rpc::MessageType::kStreamHole:
      co_await pass_on(std::move(message));
      co_return true;
    default:
      co_return false;  // Descriptors, which no call that is relayed has
  }
}

/// The next message is read when the client's kernel has this one: a slow client slows the daemon's work for
/// it, and fills no memory.
asio::awaitable<void> Upstream::pass_on(Message message) {
  const auto found = streams_.find(message.header.serial);
  const auto client = found == streams_.end() ? nullptr : found->second.lock();
  const bool over = message.header.status != rpc::MessageStatus::kContinue;
  if (over && found != streams_.end()) {
    streams_.erase(found);
  }
  if (!client) {
    co_return;
  }
  const auto written = std::make_shared<bool>(false);
  const auto is_written = [weak = weak_from_this(), written] {
    *written = true;
    if (const auto self = weak.lock()) {
      self->passed_on_.notify();
    }
  };
  if (!client->send(message.header.type, message.header.status, message.content.payload(), is_written)) {
    co_return;  // The client has gone
  }
  if (over) {
    client->end();
    co_return;
  }
  while (!*written && !lost()) {
    co_await passed_on_.wait();
  }
}

asio::awaitable<Upstream::Reply> Upstream::call(std::int32_t procedure, ByteView arguments, AtOnce at_once) {
  return ask(next_serial_++, procedure, arguments, std::move(at_once));
}

asio::awaitable<Upstream::Reply> Upstream::call_with_stream(std::int32_t procedure, ByteView arguments,
                                                            std::weak_ptr<rpc::PacketStream> client,
                                                            std::uint32_t& serial) {
  serial = next_serial_++;
  streams_.emplace(serial, std::move(client));
  return ask(serial, procedure, arguments, [this, serial](const Reply& reply) {
    if (reply.failed) {
      streams_.erase(serial);
    }
  });
}

asio::awaitable<Upstream::Reply> Upstream::ask(std::uint32_t serial, std::int32_t procedure,
                                               ByteView arguments, AtOnce at_once) {
  const auto self = shared_from_this();
  const auto waiting = std::make_shared<Waiting>(executor_);
  waiting->at_once = std::move(at_once);
  if (!lost()) {
    waiting_.emplace(serial, waiting);
    rpc::Header header;
    header.procedure = procedure;
    header.serial = serial;
    transport_->send(rpc::make_message(header, arguments));
  }
  while (!waiting->reply && !lost()) {
    co_await waiting->gate.wait();
  }
  if (!waiting->reply) {
    throw Error(ErrorCode::kOperationFailed, loss_);
  }
  if (waiting->reply->failed) {
    rpc::throw_foreign_error(waiting->reply->payload());
  }
  co_return std::move(*waiting->reply);
}

void Upstream::stream_packet(std::int32_t procedure, std::uint32_t serial, rpc::MessageType type,
                             rpc::MessageStatus status, ByteView payload) {
  if (lost()) {
    return;
  }
  rpc::Header header;
  header.procedure = procedure;
  header.type = type;
  header.serial = serial;
  header.status = status;
  transport_->send(rpc::make_message(header, payload));
}

void Upstream::lose(const std::string& why) {
  if (lost()) {
    return;
  }
  loss_ = why;
  transport_->close();
  passed_on_.notify();
  for (const auto& [serial, waiting] : std::exchange(waiting_, {})) {
    waiting->gate.notify();
  }
  for (const auto& [serial, stream] : std::exchange(streams_, {})) {
    if (const auto client = stream.lock()) {
      client->fail(Error(ErrorCode::kOperationFailed, why));
    }
  }
  const Hooks hooks = std::exchange(hooks_, {});
  if (hooks.lost) {
    hooks.lost();
  }
}

void Upstream::close(const std::string& why) {
  hooks_ = {};
  lose(why);
}

}  // namespace virtsev::daemon::relay
