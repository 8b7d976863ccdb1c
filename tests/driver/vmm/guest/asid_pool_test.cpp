// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor uses the ASID that it was given, and none without; it asks for the simulated firmware.
#include <gmock/gmock.h>

#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using testing::HasSubstr;

class GivenAsidTest : public TinyGuestTest {
 protected:
  std::string refusal_of(const control::Start& start) {
    const control::Reply reply = monitor_->call(start);
    const auto* failure = std::get_if<control::Failure>(&reply);
    return failure == nullptr ? "none" : failure->text;
  }
};

TEST_F(GivenAsidTest, WithoutOneTheGuestIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  boot::test::set_policy(start.machine, 5);
  start.simulated = {};
  EXPECT_THAT(refusal_of(start), HasSubstr("virtsevd is older than this monitor"));
}

TEST_F(GivenAsidTest, OneOfTheOtherPoolIsNotUsed) {
  control::Start start = prepare(TinyGuest().spin());
  boot::test::set_policy(start.machine, 5);
  start.simulated.asid = start.simulated.es_asids + 1;
  EXPECT_THAT(refusal_of(start), HasSubstr("no ASID is free"));
}

TEST_F(GivenAsidTest, TheFirmwareIsAskedForBeforeEachCommandOfALaunch) {
  control::Start start = prepare(TinyGuest().spin());
  boot::test::set_policy(start.machine, 5);
  launch(start);
  EXPECT_GT(monitor_->turns(), 5U);
}

}  // namespace
}  // namespace virtsev::vmm::test
