// SPDX-License-Identifier: LGPL-2.1-or-later
// A debugger's session: its bytes, its beginning and its end.
#include "driver/daemon/gdb/session.hpp"

#include <array>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::gdb {
namespace {

asio::posix::stream_descriptor descriptor_for(const asio::any_io_executor& executor, UniqueFd socket) {
  asio::posix::stream_descriptor descriptor(executor);
  asio::error_code error;
  descriptor.assign(socket.get(), error);
  if (error) {
    throw Error(ErrorCode::kSystemError, text("cannot wait for a debugger: {}", error.message()));
  }
  static_cast<void>(socket.release());
  return descriptor;
}

}  // namespace

Session::Session(const asio::any_io_executor& executor, UniqueFd socket, std::unique_ptr<Target> target)
    : socket_(descriptor_for(executor, std::move(socket))), target_(std::move(target)) {}

asio::awaitable<void> Session::run() {
  const auto self = shared_from_this();  // While this waits
  co_await attach();
  co_await serve();
  asio::error_code ignored;
  socket_.close(ignored);
  if (resume_at_end_ && !target_->gone()) {
    try {
      co_await target_->go_on();
    } catch (const Error&) {
      // It has gone meanwhile.
    }
  }
}

asio::awaitable<void> Session::attach() {
  try {
    resume_at_end_ = target_->running();
    co_await target_->stop();
    co_await target_->read_registers(0);
  } catch (const Error& error) {
    // Without them nobody knows the guest's page tables.
    no_registers_ = error.what();
    physical_ = true;
  }
}

asio::awaitable<void> Session::serve() {
  std::array<char, 4096> bytes{};
  while (!over_) {
    asio::error_code error;
    const std::size_t count = co_await socket_.async_read_some(
        asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error || count == 0) {
      co_return;
    }
    reader_.feed({bytes.data(), count});
    while (!over_) {
      std::optional<Input> input = reader_.next();
      if (!input) {
        break;
      }
      co_await take(std::move(*input));
    }
    if (reader_.overrun()) {
      co_return;
    }
  }
}

asio::awaitable<void> Session::take(Input input) {
  if (std::holds_alternative<Interrupt>(input)) {
    if (waiting_) {
      try {
        co_await target_->stop();  // Which comes back by target_changed()
      } catch (const Error&) {
        // It has gone, which comes back in the same way.
      }
    }
  } else if (std::holds_alternative<Resend>(input)) {
    co_await write(last_frame_);
  } else if (std::holds_alternative<Damaged>(input)) {
    co_await write("-");
  } else if (std::holds_alternative<Acknowledged>(input)) {
    unacknowledged_.reset();
  } else {
    co_await take_packet(std::move(std::get<Packet>(input).data));
  }
}

// gdb repeats a packet that nobody has acknowledged for two seconds, which a host under load may need. What
// it repeats is on its way when the acknowledgement comes: it would take a second answer for that to its next
// packet.
asio::awaitable<void> Session::take_packet(std::string packet) {
  const bool repeated = unacknowledged_ == packet;
  if (acknowledges_ || repeated) {
    co_await write("+");
  }
  if (repeated || waiting_) {  // gdb sends nothing new while it waits
    co_return;
  }
  unacknowledged_ = acknowledges_ ? std::optional(packet) : std::nullopt;
  co_await answer(std::move(packet));
}

asio::awaitable<void> Session::answer(std::string packet) {
  Reply reply;
  try {
    reply = co_await command(packet);
  } catch (const Error& error) {
    reply = refuse(error.what());
  }
  if (reply) {
    last_frame_ = frame(*reply);
    co_await write(last_frame_);
  }
}

Session::Reply Session::refuse(const std::string& why) {
  refusal_ = why;
  return "E01";
}

void Session::target_changed() {
  if (!target_->gone()) {
    if (waiting_ && !target_->running()) {
      waiting_ = false;
      tell(stop_reply());
    }
    return;
  }
  over_ = true;
  if (waiting_) {
    waiting_ = false;
    tell("W00");
  }
  // A reading that waits ends; what was written stays readable at the other end.
  asio::error_code ignored;
  socket_.cancel(ignored);
}

// The next packet is not read before: a debugger that does not read fills no memory.
asio::awaitable<void> Session::write(std::string bytes) {
  asio::error_code error;
  co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  over_ = over_ || error;
}

// The one answer that comes by itself. gdb waits for it, and sends nothing before it.
void Session::tell(const std::string& data) {
  last_frame_ = frame(data);
  const auto bytes = std::make_shared<const std::string>(last_frame_);
  asio::async_write(socket_, asio::buffer(*bytes),
                    [bytes, self = shared_from_this()](const asio::error_code&, std::size_t) {});
}

}  // namespace virtsev::daemon::gdb
