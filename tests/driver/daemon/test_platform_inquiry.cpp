// SPDX-License-Identifier: LGPL-2.1-or-later
// What the firmware says of itself: as new as owners need it, and asked once for all.
#include <atomic>
#include <future>

#include "driver/daemon/host/platform_inquiry.hpp"
#include "driver/daemon/host/sev_host.hpp"
#include "driver/daemon/monitor/launch_files.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using std::chrono::milliseconds;

/// A firmware that counts its answers: in `build`.
class Inquiry : public HypervisorTest {
 protected:
  PlatformInquiry::Question question() {
    return [this] {
      sevcore::PlatformInformation information;
      information.build = static_cast<std::uint8_t>(++asked_);
      return information;
    };
  }
  int ask(PlatformInquiry& inquiry) { return wait(inquiry.get(question()))->build; }

  std::atomic<int> asked_ = 0;
};

TEST_F(Inquiry, AnAnswerHoldsForItsTimeAndNoLonger) {
  PlatformInquiry lasting(loop(), std::chrono::hours(1));
  EXPECT_EQ(1, ask(lasting));
  EXPECT_EQ(1, ask(lasting));
  lasting.forget();
  EXPECT_EQ(2, ask(lasting));
  PlatformInquiry fleeting(loop(), milliseconds(0));
  EXPECT_EQ(3, ask(fleeting));
  EXPECT_EQ(4, ask(fleeting));
}

TEST_F(Inquiry, ManyAtOnceAreOneQuestionAndTheLoopGoesOn) {
  PlatformInquiry inquiry(loop(), milliseconds(0));
  std::promise<void> firmware;
  const auto slow = [this, answer = firmware.get_future().share()] {
    answer.wait();
    return question()();
  };
  int answered = 0;
  const auto get = [&]() -> asio::awaitable<void> {
    PlatformInquiry::Question ask_slowly = slow;
    co_await inquiry.get(std::move(ask_slowly));
    ++answered;
  };
  for (int i = 0; i < 3; ++i) {
    begin(get);
  }
  define();  // runs the loop, and the worker pool, while the firmware is busy
  EXPECT_EQ(0, answered);
  firmware.set_value();
  wait_until([&] { return answered == 3; });
  EXPECT_EQ(1, asked_);
}

TEST_F(Inquiry, AFailureIsToldToAllAndNotKept) {
  PlatformInquiry inquiry(loop(), std::chrono::hours(1));
  PlatformInquiry::Question broken = []() -> sevcore::PlatformInformation {
    throw Error(ErrorCode::kOperationUnsupported, "no firmware");
  };
  const auto error = error_of(inquiry.get(broken));
  ASSERT_TRUE(error);
  EXPECT_STREQ("no firmware", error->what());
  EXPECT_EQ(1, ask(inquiry));
}

/// The PDH that owners are told, and one that comes behind virtsevd's back.
class Pdh : public HypervisorTest {
 protected:
  std::string told() { return std::get<std::string>(wait(driver().sev_info())[0].value); }
  void generate() {
    sevcore::SimulatedPlatform platform(open_platform_identity(layout_));
    const auto device = platform.open_device();
    ASSERT_TRUE(device->issue(sevcore::PlatformCommand::kPdhGen, nullptr).ok());
  }
};

TEST_F(Pdh, ANewOneIsToldOnceTheOldAnswerIsStale) {
  PlatformInquiry inquiry(loop(), milliseconds(0));
  const auto ask = [&] {
    return wait(
        inquiry.get([this] { return read_platform_information(control::Platform::kSimulated, layout_); }));
  };
  const auto before = ask();
  generate();
  const auto after = ask();
  EXPECT_NE(before->pdh, after->pdh);
  EXPECT_EQ(before->chip_id, after->chip_id);
}

TEST_F(Pdh, ANewOneIsToldAfterAReload) {
  const std::string before = told();
  generate();
  driver().reconfigure(configuration_);
  EXPECT_NE(before, told());
}

TEST_F(Pdh, ANewOneIsToldAfterALaunchThatFailedOnItsSession) {
  const std::string before = told();
  const auto pdh = sevcore::parse_sev_certificate(*from_base64(before));
  ASSERT_TRUE(pdh);
  const sevcore::OwnerSession session = sevcore::make_session(*pdh, sevcore::Policy(1));
  DomainText text;
  text.command_line = "start=fail";
  text.security = "<dhCert>" + to_base64(sevcore::serialise(session.godh)) + "</dhCert><session>" +
                  to_base64(session.blob) + "</session>";
  const DomainHandle domain = define(text);
  generate();
  EXPECT_TRUE(error_of(driver().start(domain.uuid, 0, 1)));
  EXPECT_NE(before, told());
}

}  // namespace
}  // namespace virtsev::daemon
