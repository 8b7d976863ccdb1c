// SPDX-License-Identifier: LGPL-2.1-or-later
// A launch plan from a machine: what is in it, in which order, and what is refused in which words.
#include "driver/boot/compose.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "driver/boot/linux/boot_params.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/launch/launch_digest.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/fakes/boot_files.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

namespace virtsev::boot {
namespace {

using test::BootFiles;
using test::pattern;
using test::payload;
using test::set_flavour;
using test::set_policy;
using test::synthetic_bzimage;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const sevcore::LaunchPlan& plan) {
  std::vector<std::string> names;
  for (const sevcore::Region& region : plan.regions) {
    names.push_back(region.name);
  }
  return names;
}

const sevcore::Region& region(const sevcore::LaunchPlan& plan, const std::string& name) {
  for (const sevcore::Region& candidate : plan.regions) {
    if (candidate.name == name) {
      return candidate;
    }
  }
  throw std::runtime_error("no region " + name);
}

Bytes content(const sevcore::Region& from) {
  Bytes bytes;
  sevcore::read_region(from, [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return bytes;
}

/// The text of the refusal.
std::string refusal(const spec::Machine& guest) {
  try {
    compose(guest);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfigUnsupported);
    return error.what();
  }
  return "(not refused)";
}

TEST(Compose, HasItsRegionsInTheOrderThatTheDigestDependsOn) {
  const BootFiles files(synthetic_bzimage(), pattern(5000, 9));
  EXPECT_THAT(names(compose(files.machine())),
              ElementsAre("BIOS data area", "GDT", "boot parameters", "command line", "reset vector",
                          "secret page", "ACPI tables", "kernel", "initrd"));
}

TEST(Compose, MeasuresEverythingThatTheGuestReadsFirst) {
  const BootFiles files(synthetic_bzimage(), pattern(5000, 9));
  for (const sevcore::Region& each : compose(files.machine()).regions) {
    EXPECT_EQ(each.type, sevcore::PageType::kNormal) << each.name;
    EXPECT_EQ(each.address.value() % kPageSize, 0U) << each.name;
    EXPECT_EQ(each.size % kPageSize, 0U) << each.name;
    EXPECT_FALSE(each.origin.empty()) << each.name;
  }
}

TEST(Compose, OverlapsNoRegions) {
  for (const std::uint64_t mib : {64, 512, 3072, 6144}) {
    const BootFiles files(synthetic_bzimage(), pattern(70'000, 9));
    auto guest = files.machine();
    guest.memory_bytes = mib << 20;
    guest.vcpus = machine::kLimits.vcpus;
    const auto plan = compose(guest);
    for (std::size_t a = 0; a < plan.regions.size(); ++a) {
      EXPECT_LE(plan.regions[a].address + plan.regions[a].size, layout::low_ram(guest.memory_bytes).end());
      for (std::size_t b = a + 1; b < plan.regions.size(); ++b) {
        EXPECT_TRUE(plan.regions[a].address + plan.regions[a].size <= plan.regions[b].address ||
                    plan.regions[b].address + plan.regions[b].size <= plan.regions[a].address)
            << plan.regions[a].name << " and " << plan.regions[b].name;
      }
    }
  }
}

TEST(Compose, LoadsTheKernelsCodeWithoutItsSetupSectors) {
  const BootFiles files(synthetic_bzimage(10'000));
  const auto plan = compose(files.machine());
  Bytes expected = pattern(10'000, 0x11);
  expected.resize(3 * 4096);
  EXPECT_EQ(region(plan, "kernel").address, GuestAddress(0x1000000));
  EXPECT_EQ(content(region(plan, "kernel")), expected);
}

TEST(Compose, PutsTheInitrdAtTheTopOfLowMemory) {
  const BootFiles files(synthetic_bzimage(), pattern(5000, 9));
  const auto plan = compose(files.machine());
  EXPECT_EQ(region(plan, "initrd").address, GuestAddress((512ULL << 20) - 2 * 4096));
  Bytes expected = pattern(5000, 9);
  expected.resize(2 * 4096);
  EXPECT_EQ(content(region(plan, "initrd")), expected);
  const Bytes parameters = content(region(plan, "boot parameters"));
  EXPECT_EQ(get_le<std::uint32_t>(parameters, 0x218), region(plan, "initrd").address.value());
  EXPECT_EQ(get_le<std::uint32_t>(parameters, 0x21c), 5000U);
}

TEST(Compose, PutsTheInitrdNoHigherThanTheKernelCanReach) {
  const BootFiles files(synthetic_bzimage(), pattern(5000, 9));
  auto guest = files.machine();
  guest.memory_bytes = 6ULL << 30;
  EXPECT_EQ(region(compose(guest), "initrd").address, GuestAddress(0x80000000 - 2 * 4096));
}

TEST(Compose, HasAnotherResetVectorForSevEsAlone) {
  const BootFiles files(synthetic_bzimage());
  spec::Machine guest = files.machine();
  set_policy(guest, 5);
  payload(guest).command_line = "reboot=b";
  EXPECT_EQ(content(region(compose(guest), "reset vector")), encrypted_reset_vector_page());
  payload(guest).command_line = "quiet";
  EXPECT_EQ(content(region(compose(guest), "reset vector")), reset_vector_page());
  set_policy(guest, 1);
  payload(guest).command_line = "reboot=b";
  EXPECT_EQ(content(region(compose(guest), "reset vector")), reset_vector_page());
}

TEST(Compose, TerminatesTheCommandLine) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  payload(guest).command_line = std::string(2047, 'x');
  const Bytes line = content(region(compose(guest), "command line"));
  EXPECT_EQ(line.size(), 4096U);
  EXPECT_EQ(line[2046], 'x');
  EXPECT_EQ(line[2047], 0);
}

TEST(Compose, HasACommandLinePageEvenWhereTheLineIsEmpty) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  payload(guest).command_line.clear();
  EXPECT_EQ(content(region(compose(guest), "command line")), Bytes(4096));
}

TEST(Compose, EntersTheKernelIn32BitProtectedMode) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  guest.vcpus = 3;
  const auto plan = compose(guest);
  ASSERT_EQ(plan.vcpus.size(), 3U);
  const sevcore::VcpuState& first = plan.vcpus[0];
  EXPECT_EQ(first.rip, 0x1000000U);
  EXPECT_EQ(first.rsi, layout::kBootParams.start.value());
  EXPECT_EQ(first.rdx, 0U);
  EXPECT_EQ(first.cr0, 0x11U);
  EXPECT_EQ(first.cr3, 0U);
  EXPECT_EQ(first.efer, 0U);
  EXPECT_EQ(first.cs, (sevcore::Segment{0x10, 0xc9b, 0xffffffff, 0}));
  EXPECT_EQ(first.ds, (sevcore::Segment{0x18, 0xc93, 0xffffffff, 0}));
  EXPECT_EQ(first.gdtr.base, layout::kGdt.start.value());
  EXPECT_EQ(plan.vcpus[1], sevcore::VcpuState{});
  EXPECT_EQ(plan.vcpus[2], sevcore::VcpuState{});
}

TEST(Compose, OffersTheSecretPagesDataAsTheSecretsPlace) {
  const BootFiles files(synthetic_bzimage());
  const auto plan = compose(files.machine());
  EXPECT_EQ(plan.secret.address, region(plan, "secret page").address + 16);
  EXPECT_EQ(plan.secret.size, 4080U);
  EXPECT_EQ(plan.secret.address.value() % 16, 0U) << "LAUNCH_SECRET wants 16";
  EXPECT_EQ(plan.secret.size % 16, 0U);
}

TEST(Compose, EncryptsRegistersUnderSevEsAlone) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  EXPECT_TRUE(sevcore::encrypts_state(compose(guest).protection));
  set_policy(guest, 0x1);
  EXPECT_FALSE(sevcore::encrypts_state(compose(guest).protection));
  set_policy(guest, 0x5);
  guest.protection = sevcore::Unprotected{};
  EXPECT_FALSE(sevcore::encrypts_state(compose(guest).protection));
}

TEST(Compose, GivesTheSameDigestForTheSameInputs) {
  const BootFiles one(synthetic_bzimage(), pattern(5000, 9));
  const BootFiles other(synthetic_bzimage(), pattern(5000, 9));
  EXPECT_EQ(launch_digest(compose(one.machine())), launch_digest(compose(other.machine())));
}

TEST(Compose, GivesAnotherDigestForEveryInputThatDiffers) {
  const BootFiles files(synthetic_bzimage(), pattern(5000, 9));
  std::vector<Bytes> digests;
  const auto add = [&](const spec::Machine& guest) { digests.push_back(launch_digest(compose(guest))); };
  const auto base = files.machine();
  add(base);
  auto changed = base;
  payload(changed).command_line += " quiet";
  add(changed);
  changed = base;
  changed.vcpus = 2;
  add(changed);
  changed = base;
  changed.memory_bytes += 4096;
  add(changed);
  changed = base;
  set_policy(changed, 0x1);
  add(changed);
  changed = base;
  set_flavour(changed, sevcore::VmsaFlavour::kLegacy);
  add(changed);
  Bytes kernel = synthetic_bzimage();
  kernel.back() ^= 1;
  const BootFiles other_kernel(kernel, pattern(5000, 9));
  add(other_kernel.machine());
  Bytes initrd = pattern(5000, 9);
  initrd.front() ^= 1;
  const BootFiles other_initrd(synthetic_bzimage(), initrd);
  add(other_initrd.machine());
  for (std::size_t a = 0; a < digests.size(); ++a) {
    for (std::size_t b = a + 1; b < digests.size(); ++b) {
      EXPECT_NE(digests[a], digests[b]) << a << " and " << b;
    }
  }
}

TEST(ComposeRefuses, AKernelThatIsNone) {
  const BootFiles files(pattern(10'000, 1));
  EXPECT_THAT(refusal(files.machine()),
              testing::AllOf(HasSubstr("/boot/test-kernel"), HasSubstr("not a Linux bzImage")));
}

TEST(ComposeRefuses, ATruncatedKernel) {
  Bytes kernel = synthetic_bzimage();
  kernel.resize(kernel.size() - 100);
  const BootFiles files(kernel);
  EXPECT_THAT(refusal(files.machine()), HasSubstr("kernel '/boot/test-kernel' is truncated"));
}

TEST(ComposeRefuses, A32BitKernel) {
  Bytes kernel = synthetic_bzimage();
  put_le<std::uint16_t>(kernel, 0x236, 0);
  const BootFiles files(kernel);
  EXPECT_THAT(refusal(files.machine()), HasSubstr("32-bit kernel"));
}

TEST(ComposeRefuses, AKernelThatIsAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  payload(guest).kernel.fd = reader.get();
  EXPECT_THAT(refusal(guest), HasSubstr("not a regular file"));
}

TEST(ComposeRefuses, AnEmptyInitrd) {
  const BootFiles files(synthetic_bzimage(), Bytes());
  EXPECT_THAT(refusal(files.machine()), HasSubstr("initrd '/boot/test-initrd' is empty"));
}

TEST(ComposeRefuses, TooLittleMemoryAndSaysHowMuchItTakes) {
  Bytes kernel = synthetic_bzimage();
  put_le<std::uint32_t>(kernel, 0x260, 100U << 20);
  const BootFiles files(kernel, pattern(5000, 9));
  auto guest = files.machine();
  guest.memory_bytes = 116ULL << 20;
  EXPECT_THAT(refusal(guest), HasSubstr("at least 117 MiB"));
  guest.memory_bytes = 117ULL << 20;
  EXPECT_NO_THROW(compose(guest));
}

TEST(ComposeRefuses, AnInitrdThatTheKernelCannotReach) {
  Bytes kernel = synthetic_bzimage();
  put_le<std::uint32_t>(kernel, 0x22c, 0x2ffffff);
  const BootFiles files(kernel, pattern(5000, 9));
  EXPECT_THAT(refusal(files.machine()), HasSubstr("initrd '/boot/test-initrd'"));
}

TEST(ComposeRefuses, ACommandLineThatIsTooLong) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  payload(guest).command_line = std::string(2048, 'x');
  EXPECT_THAT(refusal(guest), HasSubstr("2048 bytes long"));
}

TEST(ComposeRefuses, ANulInTheCommandLine) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  payload(guest).command_line = std::string("quiet\0 evil", 11);
  EXPECT_THAT(refusal(guest), HasSubstr("NUL"));
}

TEST(ComposeRefuses, VcpusAndMemoryOutsideTheMachinesLimits) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  for (const std::uint32_t vcpus : {0U, machine::kLimits.vcpus + 1, ~0U}) {
    guest.vcpus = vcpus;
    EXPECT_THAT(refusal(guest), HasSubstr("<vcpu>"));
  }
  guest = files.machine();
  for (const std::uint64_t memory : {std::uint64_t{0}, machine::kLimits.least_memory - 4096,
                                     machine::kLimits.most_memory + 4096, ~std::uint64_t{0}}) {
    guest.memory_bytes = memory;
    EXPECT_THAT(refusal(guest), HasSubstr("<memory>"));
  }
  guest.memory_bytes = (512ULL << 20) + 1;
  EXPECT_THAT(refusal(guest), HasSubstr("multiple of 4096"));
}

TEST(ComposeRefuses, AMachineVersionThatIsNotKnown) {
  const BootFiles files(synthetic_bzimage());
  auto guest = files.machine();
  guest.version = static_cast<machine::Version>(99);
  EXPECT_THAT(refusal(guest), HasSubstr("virtsev-q35-1.0"));
}

}  // namespace
}  // namespace virtsev::boot
