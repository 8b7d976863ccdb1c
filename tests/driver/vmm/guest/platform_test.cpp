// SPDX-License-Identifier: LGPL-2.1-or-later
// What a platform makes impossible, said before KVM would say it in numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/vmm/guest/make_platform.hpp"
#include "driver/vmm/hardware/hardware_platform.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kGiB = 1ULL << 30;

TEST(Platform, MemoryMayReachUpToTheCBit) {
  EXPECT_NO_THROW(check_memory_below_c_bit(64ULL << 20, 39));
  EXPECT_NO_THROW(check_memory_below_c_bit(510 * kGiB, 39)) << "2 GiB lie in the hole below 4 GiB";
  EXPECT_NO_THROW(check_memory_below_c_bit(1024 * kGiB, 47));
}

TEST(Platform, MemoryBeyondTheCBitIsRefusedWithWhatIsLeft) {
  try {
    check_memory_below_c_bit(510 * kGiB + kPageSize, 39);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfigUnsupported);
    EXPECT_THAT(error.what(), testing::HasSubstr("<memory>"));
    EXPECT_THAT(error.what(), testing::HasSubstr("at most 510 GiB"));
  }
}

constexpr std::uint32_t bit_of(sevcore::KvmVmType type) { return 1U << static_cast<std::uint32_t>(type); }

struct LaunchChoice {
  const char* kernel;
  std::uint32_t vm_types;
  sevcore::Protection protection;
  HardwareLaunch launch;
};

TEST(HardwarePlatform, UsesInit2WhereTheKernelMakesMachinesOfTheTypeWanted) {
  using enum sevcore::KvmVmType;
  using sevcore::VmsaFlavour;
  constexpr std::uint32_t kPlain = bit_of(kDefault);
  const sevcore::Protection sev = sevcore::Sev{};
  const sevcore::Protection es = sevcore::SevEs{};
  const LaunchChoice choices[] = {
      {"before KVM_CAP_VM_TYPES, SEV", 0, sev, {VmsaFlavour::kLegacy, kDefault}},
      {"before KVM_CAP_VM_TYPES, SEV-ES", 0, es, {VmsaFlavour::kLegacy, kDefault}},
      {"before INIT2, SEV", kPlain, sev, {VmsaFlavour::kLegacy, kDefault}},
      {"before INIT2, SEV-ES", kPlain, es, {VmsaFlavour::kLegacy, kDefault}},
      {"SEV alone, SEV", kPlain | bit_of(kSev), sev, {VmsaFlavour::kInit2, kSev}},
      {"SEV alone, SEV-ES", kPlain | bit_of(kSev), es, {VmsaFlavour::kLegacy, kDefault}},
      {"SEV-ES alone, SEV", kPlain | bit_of(kSevEs), sev, {VmsaFlavour::kLegacy, kDefault}},
      {"SEV-ES alone, SEV-ES", kPlain | bit_of(kSevEs), es, {VmsaFlavour::kInit2, kSevEs}},
      {"both, SEV", kPlain | bit_of(kSev) | bit_of(kSevEs), sev, {VmsaFlavour::kInit2, kSev}},
      {"both, SEV-ES", kPlain | bit_of(kSev) | bit_of(kSevEs), es, {VmsaFlavour::kInit2, kSevEs}},
  };
  for (const LaunchChoice& choice : choices) {
    EXPECT_EQ(choose_launch(choice.vm_types, choice.protection), choice.launch) << choice.kernel;
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
