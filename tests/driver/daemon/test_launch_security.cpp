// SPDX-License-Identifier: LGPL-2.1-or-later
// The measurement, and the secret: libvirt's parameters and their order.
#include <libvirt/libvirt.h>

#include "sevcore/base/base64.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using LaunchSecurity = HypervisorTest;

std::vector<TypedParameter> secret(std::size_t header_bytes = 52, std::size_t secret_bytes = 16) {
  return {{"sev-secret-header", to_base64(Bytes(header_bytes, 1))},
          {"sev-secret", to_base64(Bytes(secret_bytes, 2))}};
}

TEST_F(LaunchSecurity, InfoHasLibvirtsParametersFirst) {
  const DomainHandle domain = start(define({.policy = "0x0005"}), VIR_DOMAIN_START_PAUSED);
  const auto info = driver().launch_security_info(domain.uuid);
  std::vector<std::string> names;
  for (const TypedParameter& parameter : info) {
    names.push_back(parameter.field);
  }
  EXPECT_EQ((std::vector<std::string>{"sev-measurement", "sev-api-major", "sev-api-minor", "sev-build-id",
                                      "sev-policy", "virtsev-platform", "virtsev-vmsa", "virtsev-launch"}),
            names);
  EXPECT_EQ(to_base64(Bytes(48, 0xab)), std::get<std::string>(info[0].value));
  EXPECT_EQ(1U, std::get<std::uint32_t>(info[1].value));
  EXPECT_EQ(55U, std::get<std::uint32_t>(info[2].value));
  EXPECT_EQ(24U, std::get<std::uint32_t>(info[3].value));
  EXPECT_EQ(5U, std::get<std::uint32_t>(info[4].value));
  EXPECT_EQ("simulated", std::get<std::string>(info[5].value));
  EXPECT_EQ("init2", std::get<std::string>(info[6].value));
  EXPECT_EQ("measured", std::get<std::string>(info[7].value));
}

TEST_F(LaunchSecurity, InfoTellsASuspendedGuestFromOneThatHasNotRun) {
  const DomainHandle domain = start(define(), VIR_DOMAIN_START_PAUSED);
  wait(driver().resume(domain.uuid));
  wait(driver().suspend(domain.uuid));
  EXPECT_EQ("finished", std::get<std::string>(driver().launch_security_info(domain.uuid).back().value));
}

TEST_F(LaunchSecurity, InfoOfAnInactiveDomainIsRefused) {
  const DomainHandle domain = define();
  EXPECT_THROW(driver().launch_security_info(domain.uuid), Error);
}

TEST_F(LaunchSecurity, SecretIsForAPausedGuestThatHasNotRun) {
  const DomainHandle domain = define();
  EXPECT_EQ(ErrorCode::kOperationInvalid,
            error_of(driver().set_launch_security_state(domain.uuid, secret()))->code());
  start(domain, VIR_DOMAIN_START_PAUSED);
  wait(driver().set_launch_security_state(domain.uuid, secret()));
  wait(driver().resume(domain.uuid));
  EXPECT_EQ(ErrorCode::kOperationInvalid,
            error_of(driver().set_launch_security_state(domain.uuid, secret()))->code());
  wait(driver().suspend(domain.uuid));
  EXPECT_EQ(ErrorCode::kOperationInvalid,
            error_of(driver().set_launch_security_state(domain.uuid, secret()))->code())
      << "it has run";
}

TEST_F(LaunchSecurity, SecretThatTheFirmwareRefusesLeavesTheGuestAsItWas) {
  const DomainHandle domain = start(define({.command_line = "secret=refuse"}), VIR_DOMAIN_START_PAUSED);
  const auto error = error_of(driver().set_launch_security_state(domain.uuid, secret()));
  ASSERT_TRUE(error);
  EXPECT_NE(std::string::npos, std::string(error->what()).find("MAC"));
  EXPECT_EQ(VIR_DOMAIN_PAUSED, driver().state(domain.uuid).state);
  wait(driver().resume(domain.uuid));
}

TEST_F(LaunchSecurity, SecretNeedsItsHalvesAndItsSizes) {
  const DomainHandle domain = start(define(), VIR_DOMAIN_START_PAUSED);
  const auto refused = [&](std::vector<TypedParameter> parameters) {
    const auto error = error_of([&]() -> asio::awaitable<void> {
      co_await driver().set_launch_security_state(domain.uuid, parameters);
    }());
    return error && error->code() == ErrorCode::kInvalidArgument;
  };
  auto half = secret();
  half.pop_back();
  EXPECT_TRUE(refused(half));
  half = {secret()[1]};
  EXPECT_TRUE(refused(half));
  EXPECT_TRUE(refused(secret(51)));
  EXPECT_TRUE(refused(secret(52, 0)));
  EXPECT_TRUE(refused(secret(52, 16385)));
  auto odd = secret();
  odd.push_back({"sev-secret-color", std::string("red")});
  EXPECT_TRUE(refused(odd));
  odd = secret();
  odd[1].value = std::string("no base64!");
  EXPECT_TRUE(refused(odd));
  odd[1].value = std::uint32_t{7};
  EXPECT_TRUE(refused(odd));
  odd = secret();
  odd.push_back({"sev-secret-set-address", std::string("0x1000")});
  EXPECT_TRUE(refused(odd));
  odd.back().value = std::uint64_t{0x1000};
  EXPECT_FALSE(refused(odd));
}

TEST(Base64, ToleratesWhiteSpaceAndNothingElse) {
  EXPECT_EQ(Bytes({1, 2, 3}), from_base64("AQ\nID \n"));
  EXPECT_EQ(Bytes({1}), from_base64("AQ=="));
  EXPECT_EQ(Bytes(), from_base64(""));
  for (const char* bad : {"A", "AQ", "AQ=", "AQ===", "AR==", "AQ=I", "A*==", "=", "AQID="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
  for (std::size_t size = 0; size < 20; ++size) {
    const Bytes bytes(size, 0xc3);
    EXPECT_EQ(bytes, from_base64(to_base64(bytes)));
  }
}

TEST_F(LaunchSecurity, TaintsAreMessages) {
  const DomainHandle debuggable = start(define({.policy = "0x0000"}));
  const auto messages = driver().messages(debuggable.uuid);
  ASSERT_EQ(2U, messages.size());
  EXPECT_NE(std::string::npos, messages[0].find("NODBG"));
  EXPECT_NE(std::string::npos, messages[1].find("simulated"));
  const DomainHandle quiet = define({.name = "quiet"});
  EXPECT_TRUE(driver().messages(quiet.uuid).empty());
}

}  // namespace
}  // namespace virtsev::daemon
