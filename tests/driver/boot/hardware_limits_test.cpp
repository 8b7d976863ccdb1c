// SPDX-License-Identifier: LGPL-2.1-or-later
// Which guests hardware can't start yet.
#include "driver/boot/hardware_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virtsev::boot {
namespace {

spec::Machine guest(std::uint32_t policy, std::uint32_t vcpus) {
  spec::Machine machine;
  machine.protection = sevcore::make_protection(sevcore::Policy(policy));
  machine.vcpus = vcpus;
  return machine;
}

TEST(ReasonAgainstHardware, NamesTheJumpTableForSevEsWithMoreThanOneVcpu) {
  const auto reason = reason_against_hardware(guest(0x5, 2));
  ASSERT_TRUE(reason.has_value());
  EXPECT_THAT(*reason, testing::AllOf(testing::HasSubstr("2 vCPUs"), testing::HasSubstr("AP jump table"),
                                      testing::HasSubstr("<vcpu>1</vcpu>")));
}

TEST(ReasonAgainstHardware, IsNoneForFirmwareWhichHasAJumpTableOfItsOwn) {
  auto firmware = guest(0x5, 2);
  firmware.boot = spec::FirmwareBoot{};
  EXPECT_FALSE(reason_against_hardware(firmware).has_value());
}

TEST(ReasonAgainstHardware, IsNoneForOneVcpuOrWithoutSevEs) {
  EXPECT_FALSE(reason_against_hardware(guest(0x5, 1)).has_value());
  EXPECT_FALSE(reason_against_hardware(guest(0x1, 8)).has_value());
  auto unprotected = guest(0x5, 8);
  unprotected.protection = sevcore::Unprotected{};
  EXPECT_FALSE(reason_against_hardware(unprotected).has_value());
}

}  // namespace
}  // namespace virtsev::boot
