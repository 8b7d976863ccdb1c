// SPDX-License-Identifier: LGPL-2.1-or-later
// A connection's messages: read, told apart, answered.
#include <algorithm>

#include <asio/co_spawn.hpp>

#include "driver/rpc/connection.hpp"
#include "driver/rpc/error_reply.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::rpc {

namespace {}  // namespace

asio::awaitable<void> Connection::read_all(std::shared_ptr<Connection> self) {
  for (;;) {
    while (!self->closed_ && !self->has_room()) {
      self->watch_while_paused();
      co_await self->room_.wait();
    }
    if (self->closed_) {
      co_return;
    }
    self->reading_ = true;
    std::optional<Incoming> message = co_await self->read_message();
    self->reading_ = false;
    if (!message || self->closed_ || !self->dispatch(std::move(*message))) {
      self->close();
      co_return;
    }
  }
}

std::size_t Connection::longest_message() const {
  if (!opened_) {
    return host_->limits.max_unopened_message;
  }
  return read_only_ ? std::min(kMaxMessage, host_->limits.max_read_only_message) : kMaxMessage;
}

asio::awaitable<std::optional<Connection::Incoming>> Connection::read_message() {
  ByteArray<kLengthSize> word{};
  if (!co_await transport_->read(word)) {
    co_return std::nullopt;
  }
  const auto length = decode_length(word, longest_message());
  if (!length) {
    co_return std::nullopt;
  }
  Incoming message;
  message.share = MemoryBudget::Share(host_->budget, reader_);
  const bool whole = co_await read_rest(message, *length - kLengthSize);
  more_due_ = Keepalive::Clock::time_point::max();
  if (!whole) {
    co_return std::nullopt;
  }
  if (keepalive_) {
    keepalive_->heard(Keepalive::Clock::now());
  }
  co_return std::move(message);
}

/// What follows the length word, descriptors included. False where it can't be a message, or does not come.
asio::awaitable<bool> Connection::read_rest(Incoming& message, std::size_t wanted) {
  std::function<void()> expect = [this] { expect_more(); };
  if (co_await transport_->read_until(message.bytes, wanted, message.share, std::move(expect)) !=
      Transport::Read::kWhole) {
    co_return false;
  }
  const std::optional<Header> header = decode_header(message.bytes);
  if (!header) {
    co_return false;
  }
  message.header = *header;
  if (header->type == MessageType::kCallWithFds || header->type == MessageType::kReplyWithFds) {
    co_return co_await discard_descriptors(message);
  }
  co_return true;
}

void Connection::expect_more() {
  more_due_ = Keepalive::Clock::now() + host_->limits.message_stall;
  if (!std::exchange(deadline_armed_, true)) {
    watch_message_deadline();
  }
}

/// One timer for many messages: it is set again only where it ran out in the middle of one.
void Connection::watch_message_deadline() {
  message_deadline_.expires_at(more_due_);
  message_deadline_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->closed_) {
      return;
    }
    if (self->more_due_ == Keepalive::Clock::time_point::max()) {
      self->deadline_armed_ = false;
    } else if (self->more_due_ <= Keepalive::Clock::now()) {
      self->close();
    } else {
      self->watch_message_deadline();
    }
  });
}

/// A u32 count follows the header, and as many bytes the message, each with one descriptor. No procedure here
/// takes any.
asio::awaitable<bool> Connection::discard_descriptors(Incoming& message) {
  xdr::Decoder decoder(ByteView(message.bytes).subspan(kHeaderSize));
  const std::uint32_t count = decoder.get_uint32();
  if (!decoder.ok() || count > kMaxFds) {
    co_return false;
  }
  message.payload_offset = message.bytes.size() - decoder.rest().size();
  ByteArray<1> carrier{};
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!co_await transport_->read(carrier)) {
      co_return false;
    }
  }
  co_return true;
}

bool Connection::dispatch(Incoming message) {
  const Header& header = message.header;
  if (header.program == kKeepaliveProgram && header.version == kProgramVersion) {
    dispatch_keepalive(header);
    return true;
  }
  switch (header.type) {
    case MessageType::kCall:
    case MessageType::kCallWithFds:
      begin_call(std::move(message));
      return true;
    case MessageType::kStream:
    case MessageType::kStreamHole:
      return dispatch_stream(std::move(message));
    case MessageType::kReply:
    case MessageType::kReplyWithFds:
    case MessageType::kMessage:
      return true;  // dropped, as libvirt does
  }
  send_failure(
      header,
      {ErrorCode::kRpc, text("unexpected message type {}", static_cast<std::int32_t>(header.type)), {}}, {});
  return true;
}

void Connection::dispatch_keepalive(const Header& header) {
  if (header.type == MessageType::kMessage && header.procedure == kKeepalivePing) {
    Header pong = header;
    pong.procedure = kKeepalivePong;
    pong.status = MessageStatus::kOk;
    transport_->send(make_message(pong));
  }
}

bool Connection::dispatch_stream(Incoming message) {
  const auto found = streams_.find({message.header.procedure, message.header.serial});
  if (message.header.program != kRemoteProgram || found == streams_.end() || !found->second->started()) {
    return true;  // the stream may just have ended here: dropped without a word
  }
  const std::shared_ptr<ClientStream> stream = found->second;
  return stream->take(message.header.type, message.header.status,
                      {std::move(message.bytes), message.payload_offset, std::move(message.share)});
}

void Connection::begin_call(Incoming message) {
  const Header& header = message.header;
  std::optional<Failure> failure;
  if (header.version != kProgramVersion ||
      (header.program != kRemoteProgram && header.program != kQemuProgram && header.program != kLxcProgram)) {
    failure = Failure{ErrorCode::kRpc,
                      "Cannot find program " + std::to_string(header.program) + " version " +
                          std::to_string(header.version),
                      {}};
  } else if (header.program != kRemoteProgram) {
    // Programs of other drivers' own functions.
    const Error error = foreign_procedure(header.program, header.procedure);
    failure = Failure{error.code(), error.what(), {}};
  } else if (header.status != MessageStatus::kOk) {
    failure = Failure{
        ErrorCode::kRpc, text("unexpected message status {}", static_cast<std::int32_t>(header.status)), {}};
  }
  if (failure) {
    send_failure(header, *failure, {});
    return;
  }
  ++in_flight_;
  ++running_;
  asio::co_spawn(host_->executor, run_call(shared_from_this(), std::move(message)),
                 [self = shared_from_this()](const std::exception_ptr& error) {
                   --self->running_;
                   if (error) {
                     self->close();  // not even an error reply could be made
                   }
                   self->report_end();
                 });
}

asio::awaitable<void> Connection::run_call(std::shared_ptr<Connection> self, Incoming request) {
  xdr::Decoder arguments(ByteView(request.bytes).subspan(request.payload_offset));
  xdr::Encoder reply = start_message(reply_to(request.header, MessageStatus::kOk));
  std::optional<Failure> failure;
  try {
    const Call call{request.header.procedure, request.header.serial};
    co_await self->host_->service.call(*self, call, arguments, reply);
  } catch (const ForeignError& error) {
    failure = Failure{error.code(), error.what(), error.domain()};
  } catch (const Error& error) {
    failure = Failure{error.code(), error.what(), {}};
  } catch (const std::exception& error) {
    failure = Failure{ErrorCode::kInternal, text("internal error: {}", error.what()), {}};
  }
  self->end_call(request.header, std::move(reply), std::move(failure));
}

void Connection::end_call(const Header& request, xdr::Encoder reply, std::optional<Failure> failure) {
  std::optional<Bytes> message;
  if (!failure) {
    message = finish_message(std::move(reply));
    if (!message) {
      failure = Failure{ErrorCode::kRpc,
                        text("the reply is longer than the {} bytes that a message can hold", kMaxMessage),
                        {}};
    }
  }
  const auto opened = streams_.find({request.procedure, request.serial});
  const auto stream = opened == streams_.end() ? nullptr : opened->second;
  const auto written = [this] {
    --in_flight_;
    room_.notify();
  };
  if (failure) {
    send_failure(request, *failure, written);
    if (stream && !stream->started()) {
      streams_.erase({request.procedure, request.serial});
      stream->close();
    }
  } else {
    transport_->send(std::move(*message), written);
    if (stream && !stream->started() && !closed_) {
      stream->start();
    }
  }
  if (close_requested_ && !closed_) {
    transport_->fail_when_flushed(host_->limits.flush_deadline);
  }
}

void Connection::send_failure(const Header& request, const Failure& failure, std::function<void()> written) {
  xdr::Encoder message = start_message(reply_to(request, MessageStatus::kError));
  put_error(message, failure.code, failure.message, failure.domain);
  if (auto bytes = finish_message(std::move(message))) {
    transport_->send(std::move(*bytes), std::move(written));
  }
}

}  // namespace virtsev::rpc
