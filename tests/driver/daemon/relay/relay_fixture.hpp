// SPDX-License-Identifier: LGPL-2.1-or-later
// A RemoteService with a relay, and a directory where libvirt's daemons may listen.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "driver/daemon/dispatch/remote_service.hpp"
#include "driver/rpc/error_reply.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/daemon/dispatch/fake_client.hpp"
#include "tests/driver/daemon/dispatch/fake_driver.hpp"
#include "tests/driver/daemon/relay/fake_daemon.hpp"

namespace virtsev::daemon::test {

using enum ErrorCode;
using Numbers = std::vector<std::int32_t>;

struct RelayOutcome {
  Bytes payload;
  std::optional<ErrorCode> error;
  std::optional<std::int32_t> domain;  ///< Of a daemon's own error
  std::string message;
};

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() {
    std::string name = (std::filesystem::temp_directory_path() / "virtsevd-relay-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    relay_.emplace(io_.get_executor(), directory_);
    service_.emplace(driver_, &*relay_);
  }
  ~RelayTest() override {
    service_.reset();
    relay_.reset();
    io_.restart();
    io_.poll();
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] std::string socket(const std::string& name) const { return directory_ + "/" + name; }
  static rpc::PeerCredentials ourselves() { return {::getpid(), ::geteuid(), ::getegid()}; }
  static Bytes words(std::initializer_list<std::int32_t> values) {
    xdr::Encoder out;
    for (const std::int32_t value : values) {
      out.put_int32(value);
    }
    return out.take();
  }

  template <typename Condition>
  bool run_until(Condition holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    io_.restart();
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io_.run_one_for(std::chrono::milliseconds(100));
    }
    return holds();
  }
  /// What is ready now.
  void run_ready() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }

  std::shared_ptr<std::optional<RelayOutcome>> begin(FakeClient& client, std::int32_t procedure,
                                                     const Bytes& arguments = {}, std::uint32_t serial = 7) {
    const auto outcome = std::make_shared<std::optional<RelayOutcome>>();
    asio::co_spawn(io_, run(*service_, client, {procedure, serial}, arguments, outcome), asio::detached);
    return outcome;
  }
  RelayOutcome call(FakeClient& client, std::int32_t procedure, const Bytes& arguments = {}) {
    const auto outcome = begin(client, procedure, arguments);
    EXPECT_TRUE(run_until([&] { return outcome->has_value(); }))
        << "procedure " << procedure << " does not end";
    return outcome->value_or(RelayOutcome{});
  }
  void open(FakeClient& client) {
    xdr::Encoder out;
    out.put_bool(false);
    out.put_uint32(0);
    EXPECT_FALSE(call(client, 1, out.bytes()).error);
  }

  asio::io_context io_{1};
  std::string directory_;
  FakeDriver driver_{io_.get_executor()};
  std::optional<relay::Relay> relay_;
  std::optional<RemoteService> service_;
  FakeClient client_{1, false, ourselves()};

 private:
  static asio::awaitable<void> run(RemoteService& service, FakeClient& client, rpc::Call call,
                                   Bytes arguments, std::shared_ptr<std::optional<RelayOutcome>> outcome) {
    xdr::Decoder in(arguments);
    xdr::Encoder out;
    RelayOutcome result;
    try {
      co_await service.call(client, call, in, out);
      result.payload = out.take();
    } catch (const rpc::ForeignError& error) {
      result = {{}, error.code(), error.domain(), error.what()};
    } catch (const Error& error) {
      result = {{}, error.code(), std::nullopt, error.what()};
    }
    *outcome = std::move(result);
  }
};

}  // namespace virtsev::daemon::test
