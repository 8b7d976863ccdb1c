// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's ABI: what a plan loads and measures is, byte for byte, what the files beside this one say.
// After the first release they never change; before it, ../make-golden makes them again.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "driver/boot/compose.hpp"
#include "tests/driver/boot/fakes/boot_files.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"
#include "tests/driver/boot/golden/describe.hpp"

namespace virtsev::boot {
namespace {

constexpr std::uint32_t kSev = 1;
constexpr std::uint32_t kSevEs = 5;

struct Case {
  std::uint32_t vcpus;
  std::uint64_t memory_mib;
  bool initrd;
  std::uint32_t policy = kSevEs;
  sevcore::VmsaFlavour flavour = sevcore::VmsaFlavour::kInit2;
};

std::string name_of(const Case& one) {
  return fmt::format("{}-vcpu-{}-mib{}{}{}", one.vcpus, one.memory_mib, one.initrd ? "-initrd" : "",
                     one.policy == kSev ? "-sev" : "",
                     one.flavour == sevcore::VmsaFlavour::kLegacy ? "-legacy" : "");
}

void PrintTo(const Case& one, std::ostream* out) { *out << name_of(one); }

std::string plan_of(const Case& one) {
  const test::BootFiles files(test::synthetic_bzimage(),
                              one.initrd ? std::optional(test::pattern(5000, 0x77)) : std::nullopt);
  auto machine = files.machine();
  machine.vcpus = one.vcpus;
  machine.memory_bytes = one.memory_mib << 20;
  test::set_policy(machine, one.policy);
  test::set_flavour(machine, one.flavour);
  test::payload(machine).command_line = "console=ttyS0 quiet";
  return test::describe(compose(machine));
}

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, IsWhatAReleasedVersionMeasures) {
  const std::string name = name_of(GetParam()) + ".txt";
  const std::string plan = plan_of(GetParam());
  if (const char* directory = std::getenv("VIRTSEV_MAKE_GOLDEN")) {
    std::ofstream(std::string(directory) + "/" + name) << plan;
    GTEST_SKIP() << "wrote " << name;
  }
  std::ifstream file(VIRTSEV_SOURCE_DIR "/tests/driver/boot/golden/" + name);
  ASSERT_TRUE(file.good()) << name << " is missing; run tests/driver/boot/make-golden";
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(plan, golden.str());
}

INSTANTIATE_TEST_SUITE_P(AllPlans, Golden,
                         testing::Values(Case{1, 512, false}, Case{1, 512, true}, Case{2, 512, false},
                                         Case{2, 512, true}, Case{1, 6144, false}, Case{1, 6144, true},
                                         Case{2, 6144, false}, Case{2, 6144, true}, Case{1, 512, false, kSev},
                                         Case{2, 512, false, kSev, sevcore::VmsaFlavour::kLegacy},
                                         Case{2, 512, false, kSevEs, sevcore::VmsaFlavour::kLegacy},
                                         Case{64, 512, false}),
                         [](const auto& each) {
                           std::string name = name_of(each.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace virtsev::boot
