// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dump/core_writer.hpp"

#include <exception>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <sys/socket.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

/// Outlives the writer until the thread has come back, or is left behind.
struct CoreWriter::Shared {
  explicit Shared(asio::io_context& io) : socket(io), over(io.get_executor()) {}

  asio::local::stream_protocol::socket socket;
  Latch over;
  bool begun = false;
  bool returned = false;  ///< The thread; false: it was given up
  std::exception_ptr failure;

  void close() {
    std::error_code ignored;
    socket.close(ignored);
  }
};

CoreWriter::CoreWriter(asio::io_context& io, PatientCalls& threads, WriteFile write_file)
    : io_(io), threads_(threads), write_file_(std::move(write_file)), shared_(std::make_shared<Shared>(io)) {}

CoreWriter::~CoreWriter() { shared_->close(); }

asio::awaitable<void> CoreWriter::open(std::string path, std::uint64_t size, Latch& give_up) {
  const auto shared = shared_;
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw Error(ErrorCode::kSystemError, text("virtsevd can't open any more files"));
  }
  shared->socket.assign(asio::local::stream_protocol(), ends[0]);
  const auto peer = std::make_shared<UniqueFd>(ends[1]);
  std::function<void()> work = [write_file = write_file_, path = std::move(path), size, peer] {
    write_file(path, size, std::move(*peer));
  };
  shared->begun = true;
  // Whoever waits for the socket meanwhile is woken by its end.
  asio::co_spawn(io_, threads_.run(std::move(work), give_up),
                 [shared](const std::exception_ptr& failure, bool returned) {
                   shared->failure = failure;
                   shared->returned = returned;
                   shared->over.fire();
                   shared->close();
                 });
  std::uint8_t opened = 0;
  std::error_code error;
  co_await asio::async_read(shared->socket, asio::buffer(&opened, sizeof opened),
                            asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    co_await finish();
  }
}

asio::awaitable<void> CoreWriter::write(const Bytes& bytes) {
  const auto shared = shared_;
  std::error_code error;
  co_await asio::async_write(shared->socket, asio::buffer(bytes),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    co_await finish();
  }
}

asio::awaitable<void> CoreWriter::finish() {
  const auto shared = shared_;
  co_await shared->over.wait();
  if (shared->failure) {
    std::rethrow_exception(shared->failure);
  }
  if (!shared->returned) {
    throw Error(ErrorCode::kOperationAborted, text("the dump was given up: the guest ended meanwhile"));
  }
}

void CoreWriter::interrupt() { shared_->close(); }

asio::awaitable<void> CoreWriter::abandon() {
  const auto shared = shared_;
  shared->close();
  if (shared->begun) {
    co_await shared->over.wait();
  }
}

}  // namespace virtsev::daemon
