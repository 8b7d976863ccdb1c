// SPDX-License-Identifier: LGPL-2.1-or-later
// A launch through OVMF as a plan: what is measured, in which order, and what is refused.
#include "driver/boot/compose.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/boot/ovmf/firmware_boot.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/launch_digest.hpp"
#include "sevcore/machine/cpu_model.hpp"
#include "tests/driver/boot/fakes/boot_files.hpp"
#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"

namespace virtsev::boot::ovmf {
namespace {

using boot::test::file_of;
using testing::HasSubstr;

/// What is given to compose: a machine, and its firmware.
struct Guest {
  spec::Machine machine;
  std::optional<spec::Payload> payload;
};

struct Firmware {
  spec::File image;
  std::optional<std::uint32_t> cpu_signature;
  std::optional<ByteArray<32>> known_digest = {};
};

Guest without_kernel(std::uint32_t policy) {
  Guest guest;
  guest.machine.protection = sevcore::make_protection(sevcore::Policy(policy));
  return guest;
}

sevcore::LaunchPlan compose(Guest guest, const Firmware& firmware) {
  spec::FirmwareBoot boot{firmware.image, firmware.known_digest, guest.payload};
  guest.machine.cpu.signature = firmware.cpu_signature;
  guest.machine.boot = boot;
  sevcore::LaunchPlan plan = boot::compose(guest.machine);
  check_hashes_are_enforced(boot);
  return plan;
}

Bytes sha256(const Bytes& bytes) {
  const auto digest = sevcore::crypto::sha256(bytes);
  return {digest.begin(), digest.end()};
}

class OvmfCompose : public testing::Test {
 protected:
  [[nodiscard]] Firmware firmware(const UniqueFd& image) const {
    return {{image.get(), "OVMF.fd"}, 0x800f12};
  }
  [[nodiscard]] Guest with_kernel(std::uint32_t policy) const {
    Guest guest = without_kernel(policy);
    guest.payload =
        spec::Payload{{kernel_.get(), "vmlinuz"}, spec::File{initrd_.get(), "initrd"}, "root=/dev/vda"};
    return guest;
  }
  static std::string refusal(const Guest& guest, const Firmware& firmware) {
    try {
      compose(guest, firmware);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  Bytes image_ = test::synthetic_firmware();
  UniqueFd image_file_ = file_of(image_);
  UniqueFd kernel_ = file_of(Bytes(3000, 'k'));
  UniqueFd initrd_ = file_of(Bytes(70, 'i'));
};

TEST_F(OvmfCompose, MeasuresTheImageAloneWithoutKernel) {
  const auto plan = compose(without_kernel(1), firmware(image_file_));
  ASSERT_EQ(plan.regions.size(), 1U);
  EXPECT_EQ(plan.regions[0].address.value() + plan.regions[0].size, 4ULL << 30);
  EXPECT_EQ(sevcore::launch_digest(plan), sha256(image_));
  EXPECT_FALSE(sevcore::encrypts_state(plan.protection));
  EXPECT_EQ(plan.secret.address.value(), 0x0081'5000U);
  EXPECT_EQ(plan.secret.size, 0xc00U);
}

TEST_F(OvmfCompose, PutsTheHashesWhereTheImageWantsThem) {
  const auto plan = compose(with_kernel(1), firmware(image_file_));
  ASSERT_EQ(plan.regions.size(), 2U);
  EXPECT_EQ(plan.regions[1].address.value(), 0x0081'5c00U);
  EXPECT_EQ(plan.regions[1].size, 176U);
  const Bytes& table = std::get<Bytes>(plan.regions[1].content);
  const auto part = [&](std::size_t at) { return Bytes(table.begin() + at, table.begin() + at + 32); };
  Bytes line(13);
  std::copy_n("root=/dev/vda", 13, line.begin());
  line.push_back(0);
  EXPECT_EQ(part(36), sha256(line));
  EXPECT_EQ(part(86), sha256(Bytes(70, 'i')));
  EXPECT_EQ(part(136), sha256(Bytes(3000, 'k')));
  EXPECT_EQ(Bytes(table.begin() + 168, table.end()), Bytes(8));
}

TEST_F(OvmfCompose, OtherVcpusBeginAtTheResetAddress) {
  Guest guest = with_kernel(5);
  guest.machine.vcpus = 3;
  const auto plan = compose(guest, firmware(image_file_));
  ASSERT_EQ(plan.vcpus.size(), 3U);
  EXPECT_EQ(plan.vcpus[0].cs.base + plan.vcpus[0].rip, 0xffff'fff0U);
  EXPECT_EQ(plan.vcpus[1].cs.base, 0x0081'0000U);
  EXPECT_EQ(plan.vcpus[1].rip, 0x2344U);
  EXPECT_EQ(plan.vcpus[2], plan.vcpus[1]);
  EXPECT_EQ(plan.vcpus[0].rdx, 0x800f12U);
}

TEST_F(OvmfCompose, RefusesAKernelThatTheImageWouldNotMeasure) {
  test::Table table;
  table.hashes_base = table.hashes_size = 0;
  const UniqueFd image = file_of(test::synthetic_firmware(table));
  EXPECT_THAT(refusal(with_kernel(1), firmware(image)), HasSubstr("no place for a kernel's hashes"));
  EXPECT_EQ(refusal(without_kernel(1), firmware(image)), "") << "without a kernel it is a good image";
}

TEST_F(OvmfCompose, RefusesAKernelWhoseHashesNobodyChecks) {
  test::Table table;
  table.checks_hashes = false;
  const Bytes image = test::synthetic_firmware(table);
  const UniqueFd file = file_of(image);
  EXPECT_THAT(refusal(with_kernel(1), firmware(file)), HasSubstr("AmdSev"));
  EXPECT_EQ(refusal(without_kernel(1), firmware(file)), "") << "without a kernel nothing has to check one";
  Firmware known = firmware(file);
  known.known_digest = sevcore::crypto::sha256(image);
  EXPECT_EQ(refusal(with_kernel(1), known), "") << "its owner knows better";
}

TEST_F(OvmfCompose, RefusesAnotherImageThanItsOwnerKnows) {
  Firmware known = firmware(image_file_);
  known.known_digest = sevcore::crypto::sha256(image_);
  EXPECT_EQ(refusal(with_kernel(1), known), "");
  known.known_digest = sevcore::crypto::sha256(Bytes(1));
  EXPECT_THAT(refusal(with_kernel(1), known), HasSubstr(to_hex(sevcore::crypto::sha256(image_))));
  EXPECT_THAT(refusal(without_kernel(1), known), HasSubstr("--firmware-digest")) << "without a kernel, too";
}

TEST_F(OvmfCompose, RefusesAPlaceThatIsTooSmall) {
  test::Table table;
  table.hashes_size = 175;
  EXPECT_THAT(refusal(with_kernel(1), firmware(file_of(test::synthetic_firmware(table)))), HasSubstr("175"));
}

TEST_F(OvmfCompose, RefusesSevEsWithoutSignatureOrResetAddress) {
  Firmware unknown = firmware(image_file_);
  unknown.cpu_signature.reset();
  EXPECT_THAT(refusal(with_kernel(5), unknown), HasSubstr("--cpu-model"));
  EXPECT_EQ(refusal(with_kernel(1), unknown), "") << "SEV measures no vCPU";
  test::Table table;
  table.reset = false;
  EXPECT_THAT(refusal(with_kernel(5), firmware(file_of(test::synthetic_firmware(table)))),
              HasSubstr("not built for SEV-ES"));
}

TEST_F(OvmfCompose, NeedsTheImagesTableForKernelHashesAndSevEsAlone) {
  const UniqueFd image = file_of(Bytes(8192));
  EXPECT_THAT(refusal(with_kernel(1), firmware(image)), HasSubstr("no table of OVMF"));
  EXPECT_THAT(refusal(without_kernel(5), firmware(image)), HasSubstr("no table of OVMF"));
  const auto plan = compose(without_kernel(1), firmware(image));
  EXPECT_EQ(sevcore::launch_digest(plan), sha256(Bytes(8192)));
  EXPECT_EQ(plan.secret.size, 0U);
}

TEST_F(OvmfCompose, RefusesABrokenTableOnlyWhereItIsNeeded) {
  Bytes image = test::synthetic_firmware();
  image[image.size() - 50] = 3;  // The table's length, less than its own end takes
  const UniqueFd file = file_of(image);
  EXPECT_THAT(refusal(with_kernel(1), firmware(file)), HasSubstr("damaged"));
  EXPECT_EQ(refusal(without_kernel(1), firmware(file)), "");
}

TEST_F(OvmfCompose, RefusesWhatIsNoImage) {
  EXPECT_THAT(refusal(without_kernel(1), firmware(file_of(Bytes(8191)))), HasSubstr("8191"));
  EXPECT_THAT(refusal(without_kernel(1), firmware(file_of({}))), HasSubstr("multiple of 4096"));
}

TEST(OvmfCpuModel, HasTheSignaturesOfItsNames) {
  EXPECT_EQ(machine::signature_of("EPYC"), 0x800f12U);
  EXPECT_EQ(machine::signature_of("EPYC-v4"), 0x800f12U);
  EXPECT_EQ(machine::signature_of("EPYC-IBPB"), 0x800f12U);
  EXPECT_EQ(machine::signature_of("EPYC-Rome-v2"), 0x830f10U);
  EXPECT_EQ(machine::signature_of("EPYC-Milan"), 0xa00f11U);
  EXPECT_EQ(machine::signature_of("EPYC-Genoa-v1"), 0xa10f10U);
}

TEST(OvmfCpuModel, KnowsNoOthers) {
  for (const char* name : {"", "EPYC-", "EPYC-v", "EPYC-v0", "EPYC-v9", "EPYC-v12", "EPYC-Rome-", "epyc",
                           "EPYC-Milan-v1 ", "Haswell"}) {
    EXPECT_EQ(machine::signature_of(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace virtsev::boot::ovmf
