// SPDX-License-Identifier: LGPL-2.1-or-later
// A server with a scripted service, and clients beside it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "driver/rpc/server.hpp"
#include "tests/driver/rpc/raw_client.hpp"
#include "tests/driver/rpc/scripted_service.hpp"

namespace virtsev::rpc::test {

class ServerTest : public ::testing::Test {
 protected:
  /// Before the first client.
  void start(const ServerLimits& limits) { server_.emplace(io_, service_, limits); }

  RawClient connect(bool read_only = false) {
    if (!server_) {
      start({});
    }
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    server_->serve(UniqueFd(ends[0]), read_only);
    return {io_, UniqueFd(ends[1])};
  }
  bool run_until(const std::function<bool()>& done) { return test::run_until(io_, done); }

  /// The answer to an echo shows that the server is well, and has read all that was sent before.
  static void expect_echo(RawClient& client, std::uint32_t serial = 4711) {
    ASSERT_TRUE(client.call(kEcho, serial, encoded("still there?")));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->header.serial, serial);
    EXPECT_EQ(decoded_text(reply->payload), "still there?");
  }

  asio::io_context io_{1};
  ScriptedService service_{io_.get_executor()};
  std::optional<Server> server_;
};

}  // namespace virtsev::rpc::test
