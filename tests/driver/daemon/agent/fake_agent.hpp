// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's end of an agent's channel: answers each line by what a test makes of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <sys/socket.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon::test {

class FakeAgent : public std::enable_shared_from_this<FakeAgent> {
 public:
  /// What is sent back for a line; "hang up" ends the connection.
  using Script = std::function<std::string(const std::string& line)>;

  /// Gives the host's end.
  static UniqueFd start(asio::io_context& io, Script script) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
      return {};
    }
    const auto agent = std::make_shared<FakeAgent>(io, ends[1], std::move(script));
    asio::co_spawn(
        io, [agent]() { return agent->serve(); }, asio::detached);
    return UniqueFd(ends[0]);
  }
  /// For start() alone.
  FakeAgent(asio::io_context& io, int end, Script script)
      : socket_(io.get_executor(), end), script_(std::move(script)) {}

  /// guest-sync-delimited, as the agent answers it; empty: the line is another one.
  static std::string answer_sync(const std::string& line) {
    const std::size_t id = line.find("\"id\":");
    return line.find("guest-sync-delimited") == std::string::npos || id == std::string::npos
               ? ""
               : "\xff{\"return\": " + line.substr(id + 5, line.find('}', id) - id - 5) + "}\n";
  }

 private:
  asio::awaitable<void> serve() {
    std::string heard;
    char bytes[4096];
    for (;;) {
      asio::error_code error;
      const std::size_t count = co_await socket_.async_read_some(
          asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        co_return;
      }
      heard.append(bytes, count);
      for (std::size_t end = heard.find('\n'); end != std::string::npos; end = heard.find('\n')) {
        const std::string answer = script_(heard.substr(0, end));
        heard.erase(0, end + 1);
        if (answer == "hang up") {
          co_return;
        }
        co_await asio::async_write(socket_, asio::buffer(answer),
                                   asio::redirect_error(asio::use_awaitable, error));
      }
    }
  }

  asio::posix::stream_descriptor socket_;
  Script script_;
};

}  // namespace virtsev::daemon::test
