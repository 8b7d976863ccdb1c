// SPDX-License-Identifier: LGPL-2.1-or-later
// A RemoteService above a fake driver, called without a connection.
#pragma once

#include <optional>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/remote_service.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/daemon/dispatch/fake_client.hpp"
#include "tests/driver/daemon/dispatch/fake_driver.hpp"
#include "tests/driver/daemon/dispatch/numbers.hpp"

namespace virtsev::daemon::test {

using enum ErrorCode;

/// Arguments, written one after another: Arguments().domain(d).u32(1).
class Arguments {
 public:
  Arguments& i32(std::int32_t value) { return out_.put_int32(value), *this; }
  Arguments& u32(std::uint32_t value) { return out_.put_uint32(value), *this; }
  Arguments& u64(std::uint64_t value) { return out_.put_uint64(value), *this; }
  Arguments& text(const std::string& value) { return out_.put_string(value), *this; }
  Arguments& optional(const std::optional<std::string>& value) {
    return dispatch::put_optional_text(out_, value), *this;
  }
  Arguments& uuid(const Uuid& value) { return out_.put_fixed_opaque(value), *this; }
  /// As a client names it that knows its uuid: name and id are not looked at.
  Arguments& domain(const Uuid& value) { return dispatch::put_domain(out_, {"stale", value, 77}), *this; }
  [[nodiscard]] Bytes bytes() const { return out_.bytes(); }

 private:
  xdr::Encoder out_;
};

/// What a call came to.
struct Outcome {
  Bytes payload;
  std::optional<ErrorCode> error;
  std::string message;
};

class ServiceTest : public ::testing::Test {
 protected:
  /// Runs until the call has ended, or can't go on by itself (then it has no outcome yet).
  std::optional<Outcome> try_call(FakeClient& client, std::int32_t procedure, const Bytes& arguments = {}) {
    const auto outcome = std::make_shared<std::optional<Outcome>>();
    asio::co_spawn(io_, run(service_, client, procedure, arguments, outcome),
                   [](const std::exception_ptr& error) {
                     if (error) {
                       std::rethrow_exception(error);
                     }
                   });
    io_.restart();
    io_.poll();
    return *outcome;
  }
  Outcome call(FakeClient& client, std::int32_t procedure, const Arguments& arguments = {}) {
    const auto outcome = try_call(client, procedure, arguments.bytes());
    EXPECT_TRUE(outcome) << "procedure " << procedure << " has not ended";
    return outcome.value_or(Outcome{});
  }
  Outcome call(std::int32_t procedure, const Arguments& arguments = {}) {
    return call(client_, procedure, arguments);
  }
  void open(FakeClient& client, const std::string& uri = "sev:///system", std::uint32_t flags = 0) {
    EXPECT_FALSE(call(client, 1, Arguments().optional(uri).u32(flags)).error);
  }
  void open() { open(client_); }

  asio::io_context io_{1};
  FakeDriver driver_{io_.get_executor()};
  RemoteService service_{driver_};
  FakeClient client_;

 private:
  static asio::awaitable<void> run(RemoteService& service, FakeClient& client, std::int32_t procedure,
                                   Bytes arguments, std::shared_ptr<std::optional<Outcome>> outcome) {
    xdr::Decoder in(arguments);
    xdr::Encoder out;
    Outcome result;
    try {
      co_await service.call(client, {procedure, 0}, in, out);
      result.payload = out.take();
    } catch (const Error& error) {
      result.error = error.code();
      result.message = error.what();
    }
    *outcome = std::move(result);
  }
};

/// With two domains: alpha runs, and beta does not.
class TwoDomainsTest : public ServiceTest {
 protected:
  void SetUp() override {
    driver_.add("alpha");
    driver_.add("beta");
    open();
    EXPECT_FALSE(call(kDomainCreate, Arguments().domain(kAlpha)).error);
  }
  const Uuid kAlpha = uuid_of(1), kBeta = uuid_of(2);
};

}  // namespace virtsev::daemon::test
