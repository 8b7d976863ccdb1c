// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of a launch, what the firmware sees of it, and its failures in words.
#include "driver/vmm/launch/launch.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>

#include <gtest/gtest.h>

#include "driver/vmm/simulated/strict_memory.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/launch_digest.hpp"
#include "tests/driver/vmm/launch/fake_sev_vm.hpp"

namespace virtsev::vmm::test {
namespace {

using sevcore::GuestCommand;
using sevcore::PageType;
using sevcore::Region;

constexpr std::uint64_t kMiB = 1ULL << 20;

Region region(std::uint64_t address, std::uint8_t fill, PageType type = PageType::kNormal) {
  Region out;
  out.address = GuestAddress(address);
  out.size = kPageSize;
  out.type = type;
  out.name = "part";
  out.content = Bytes(100, fill);
  return out;
}

class LaunchTest : public testing::Test {
 protected:
  std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  StrictMemory memory_{64 * kMiB, 39};
  FakeSevVm vm_;
  Launch launch_{vm_, memory_};
};

TEST_F(LaunchTest, TheFirmwareSeesTheRegionsInTheirOrderPaddedWithZeros) {
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::Sev{};
  plan.regions = {region(2 * kMiB, 1), region(kMiB, 2)};
  launch_.load_and_measure(plan);
  ASSERT_EQ(vm_.calls.size(), 2U);
  EXPECT_EQ(vm_.calls[0].seen.size(), kPageSize);
  EXPECT_EQ(vm_.calls[0].seen[99], 1);
  EXPECT_EQ(vm_.calls[0].seen[100], 0);
  EXPECT_EQ(vm_.calls[1].seen[0], 2);
}

TEST_F(LaunchTest, AnUnmeasuredRegionIsSharedMemoryAndNotMeasured) {
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::Sev{};
  plan.regions = {region(2 * kMiB, 9, PageType::kUnmeasured)};
  launch_.load_and_measure(plan);
  EXPECT_TRUE(vm_.calls.empty());
  Bytes bytes(1);
  ASSERT_TRUE(memory_.shared_memory().read(GuestAddress(2 * kMiB), bytes));
  EXPECT_EQ(bytes[0], 9);
  ASSERT_TRUE(memory_.private_memory().read(GuestAddress(2 * kMiB), bytes));
  EXPECT_NE(bytes[0], 9);
}

TEST_F(LaunchTest, OfEveryTypeOfPageTheFirmwareIsGivenWhatTheDigestCovers) {
  for (const sevcore::Protection& protection :
       {sevcore::Protection(sevcore::Sev{}), sevcore::Protection(sevcore::SevEs{})}) {
    vm_.calls.clear();
    sevcore::LaunchPlan plan;
    plan.protection = protection;
    for (const PageType type :
         {PageType::kNormal, PageType::kZero, PageType::kUnmeasured, PageType::kSecrets, PageType::kCpuid}) {
      const auto number = static_cast<std::uint8_t>(type);
      plan.regions.push_back(region(number * kMiB, number, type));
    }
    launch_.load_and_measure(plan);
    sevcore::crypto::Sha256 given;
    for (const auto& call : vm_.calls) {
      given.update(call.seen);
    }
    const ByteArray<32> seen = given.digest();
    EXPECT_EQ(sevcore::launch_digest(plan), Bytes(seen.begin(), seen.end())) << sevcore::name_of(protection);
  }
}

TEST_F(LaunchTest, OnlySevEsMeasuresVcpus) {
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::SevEs{};
  plan.vcpus.resize(2);
  launch_.load_and_measure(plan);
  EXPECT_EQ(vm_.commands(), std::vector{GuestCommand::kLaunchUpdateVmsa});
}

TEST_F(LaunchTest, InitialisesTheWayThatThePlanPredicts) {
  launch_.initialise({true, 1}, sevcore::VmsaFlavour::kInit2);
  launch_.initialise({true, 1}, sevcore::VmsaFlavour::kLegacy);
  launch_.initialise({false, 1}, sevcore::VmsaFlavour::kLegacy);
  EXPECT_EQ(vm_.commands(), (std::vector{GuestCommand::kInit2, GuestCommand::kEsInit, GuestCommand::kInit}));
}

TEST_F(LaunchTest, AnExhaustedPoolOfAsidsIsNamedWithItsSize) {
  vm_.failing = GuestCommand::kInit2;
  vm_.failure = {EBUSY, sevcore::kNoFirmwareCall};
  const std::string text = error_of([&] { launch_.initialise({true, 15}, sevcore::VmsaFlavour::kInit2); });
  EXPECT_NE(text.find("15 SEV-ES guests"), std::string::npos) << text;
}

TEST_F(LaunchTest, RegistersAllPrivateMemory) {
  launch_.register_memory();
  ASSERT_EQ(vm_.registered.size(), 1U);
  EXPECT_EQ(vm_.registered[0].second, 64 * kMiB);
}

TEST_F(LaunchTest, AGuestWithoutOwnerGivesNoSession) {
  launch_.start(sevcore::Policy(1), {});
  EXPECT_EQ(vm_.start.policy, 1U);
  EXPECT_EQ(vm_.start.dh_address, 0U);
  EXPECT_EQ(vm_.start.session_address, 0U);
}

TEST_F(LaunchTest, AnOwnersSessionIsHandedOver) {
  const Bytes certificate(2084, 1);
  const Bytes session(128, 2);
  launch_.start(sevcore::Policy(5), {certificate, session});
  EXPECT_EQ(vm_.start.dh_length, 2084U);
  EXPECT_EQ(vm_.start.session_length, 128U);
}

TEST_F(LaunchTest, TheMeasurementIsWhatTheFirmwareGave) { EXPECT_EQ(launch_.measure(), Bytes(48, 0x5a)); }

TEST_F(LaunchTest, ARegionOutsideTheGuestsMemoryIsNamed) {
  sevcore::LaunchPlan plan;
  plan.protection = sevcore::Sev{};
  plan.regions = {region(64 * kMiB, 1)};
  EXPECT_NE(error_of([&] { launch_.load_and_measure(plan); }).find("part"), std::string::npos);
}

TEST_F(LaunchTest, ASecretOutsideTheGuestsMemoryIsRefusedBeforeTheFirmwareIsAsked) {
  EXPECT_NE(error_of([&] {
              launch_.inject_secret(Bytes(52), Bytes(32), GuestAddress(64 * kMiB - 16));
            }).find("outside"),
            std::string::npos);
  EXPECT_TRUE(vm_.calls.empty());
}

TEST_F(LaunchTest, ASecretGoesIntoPrivateMemory) {
  const Bytes header(52);
  const Bytes secret(32);
  launch_.inject_secret(header, secret, GuestAddress(kMiB));
  EXPECT_EQ(vm_.secret.guest_address,
            reinterpret_cast<std::uintptr_t>(memory_.private_memory().host_address(GuestAddress(kMiB), 32)));
  EXPECT_EQ(vm_.secret.guest_length, 32U);
}

TEST_F(LaunchTest, MemoryIsReadThroughTheFirmwareInWholeUnitsWithinAPage) {
  Bytes content(3 * kPageSize);
  for (std::size_t i = 0; i < content.size(); ++i) {
    content[i] = static_cast<std::uint8_t>(i * 7);
  }
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kMiB), content));
  for (const auto& [offset, size] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, 3 * kPageSize}, {0, 16}, {5, 1}, {15, 2}, {kPageSize - 1, 2}, {33, 2 * kPageSize}, {7, 0}}) {
    Bytes read(size, 0);
    launch_.read_memory(GuestAddress(kMiB + offset), read);
    Bytes expected(content.begin() + static_cast<std::ptrdiff_t>(offset),
                   content.begin() + static_cast<std::ptrdiff_t>(offset + size));
    for (std::uint8_t& byte : expected) {
      byte ^= FakeSevVm::kCipher;
    }
    EXPECT_EQ(read, expected) << size << " bytes at " << offset;
  }
  for (const sevcore::DebugArguments& one : vm_.decrypted) {
    EXPECT_EQ(one.source % 16, 0U);
    EXPECT_EQ(one.destination % kPageSize, 0U);
    EXPECT_EQ(one.length % 16, 0U);
    EXPECT_EQ(one.source / kPageSize, (one.source + one.length - 1) / kPageSize);
  }
}

TEST_F(LaunchTest, MemoryIsWrittenThroughTheFirmwareInWholeUnitsWithinAPage) {
  Bytes expected(4 * kPageSize, 0x33);
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kMiB), expected));
  std::uint8_t fill = 0;
  for (const auto& [offset, size] : std::vector<std::pair<std::size_t, std::size_t>>{{0, 3 * kPageSize},
                                                                                     {0, 16},
                                                                                     {5, 1},
                                                                                     {15, 2},
                                                                                     {8, 8},
                                                                                     {8, 24},
                                                                                     {32, 20},
                                                                                     {kPageSize - 1, 2},
                                                                                     {33, 2 * kPageSize},
                                                                                     {7, 0}}) {
    ++fill;
    launch_.write_memory(GuestAddress(kMiB + offset), Bytes(size, fill));
    std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(offset), size,
                static_cast<std::uint8_t>(fill ^ FakeSevVm::kCipher));
    Bytes content(expected.size());
    ASSERT_TRUE(memory_.private_memory().read(GuestAddress(kMiB), content));
    EXPECT_EQ(content, expected) << size << " bytes at " << offset;
  }
  for (const sevcore::DebugArguments& one : vm_.encrypted) {
    EXPECT_EQ(one.source % kPageSize, 0U);
    EXPECT_EQ(one.destination % 16, 0U);
    EXPECT_EQ(one.length % 16, 0U);
    EXPECT_EQ(one.destination / kPageSize, (one.destination + one.length - 1) / kPageSize);
  }
}

TEST_F(LaunchTest, UnitsThatAreWrittenWholeAreNotDecryptedFirst) {
  launch_.write_memory(GuestAddress(kMiB + 16), Bytes(kPageSize, 1));
  EXPECT_EQ(vm_.commands(), (std::vector{GuestCommand::kDebugEncrypt, GuestCommand::kDebugEncrypt}));
  launch_.write_memory(GuestAddress(kMiB + 16), Bytes(17, 1));
  EXPECT_EQ(vm_.decrypted.size(), 1U);
}

TEST_F(LaunchTest, MemoryThatTheFirmwareKeepsIsNotWrittenAround) {
  Bytes content(64, 0x11);
  ASSERT_TRUE(memory_.private_memory().write(GuestAddress(kMiB), content));
  vm_.failure = {EIO, static_cast<std::uint32_t>(sevcore::FirmwareStatus::kPolicyFailure)};
  for (const GuestCommand command : {GuestCommand::kDebugDecrypt, GuestCommand::kDebugEncrypt}) {
    vm_.failing = command;
    const std::string text = error_of([&] { launch_.write_memory(GuestAddress(kMiB + 1), Bytes(8, 9)); });
    EXPECT_NE(text.find("NODBG"), std::string::npos) << text;
    ASSERT_TRUE(memory_.private_memory().read(GuestAddress(kMiB), content));
    EXPECT_EQ(content, Bytes(64, 0x11));
  }
}

TEST_F(LaunchTest, MemoryThatTheFirmwareKeepsIsNotReadAround) {
  vm_.failing = GuestCommand::kDebugDecrypt;
  vm_.failure = {EIO, static_cast<std::uint32_t>(sevcore::FirmwareStatus::kPolicyFailure)};
  Bytes read(64, 0x11);
  const std::string text = error_of([&] { launch_.read_memory(GuestAddress(kMiB), read); });
  EXPECT_NE(text.find("NODBG"), std::string::npos) << text;
  EXPECT_EQ(read, Bytes(64, 0x11));
}

TEST_F(LaunchTest, AFailureOfTheFirmwareIsToldInWords) {
  vm_.failing = GuestCommand::kLaunchStart;
  vm_.failure = {EIO, static_cast<std::uint32_t>(sevcore::FirmwareStatus::kPolicyFailure)};
  const std::string text = error_of([&] { launch_.start(sevcore::Policy(5), {}); });
  EXPECT_NE(text.find("LAUNCH_START"), std::string::npos) << text;
}

TEST_F(LaunchTest, MemoryThatCantBePinnedIsToldInWords) {
  vm_.registration = {ENOMEM, 0};
  EXPECT_FALSE(error_of([&] { launch_.register_memory(); }).empty());
}

}  // namespace
}  // namespace virtsev::vmm::test
