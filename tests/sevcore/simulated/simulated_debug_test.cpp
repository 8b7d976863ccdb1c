// SPDX-License-Identifier: LGPL-2.1-or-later
// What the simulated kernel makes of reports, and of debugging any range of bytes.
#include <numeric>

#include "sevcore/abi/attestation_report.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

class SimulatedDebugTest : public SimulatedKernelTest {
 protected:
  SimulatedDebugTest() { std::iota(memory_.begin(), memory_.end(), std::uint8_t{0}); }

  std::unique_ptr<SevVm> launched(Policy policy) {
    auto vm = make_vm(KvmVmType::kDefault);
    EXPECT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
    EXPECT_EQ(start(*vm, policy), kOk);
    return vm;
  }
  static Outcome debug(SevVm& vm, GuestCommand command, ByteView from, MutableBytes to) {
    DebugArguments arguments;
    arguments.source = address_of(from);
    arguments.destination = address_of(to);
    arguments.length = static_cast<std::uint32_t>(to.size());
    return vm.operate(command, &arguments);
  }

  alignas(kPageSize) ByteArray<2 * kPageSize> host_{};
};

TEST_F(SimulatedDebugTest, ReadsAnyRangeOfBytesAndTouchesNoOther) {
  const auto vm = launched(Policy(0));
  for (const auto& [from, to, length] : std::vector<std::array<std::size_t, 3>>{
           {0, 0, 8192}, {16, 32, 48}, {1, 1, 1}, {15, 0, 2}, {4090, 3, 20}, {7, 4091, 4000}}) {
    host_.fill(0xcc);
    ASSERT_EQ(debug(*vm, GuestCommand::kDebugDecrypt, ByteView(memory_).subspan(from),
                    MutableBytes(host_).subspan(to, length)),
              kOk);
    auto expected = host_;
    expected.fill(0xcc);
    std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(from), length,
                expected.begin() + static_cast<std::ptrdiff_t>(to));
    EXPECT_EQ(host_, expected) << length << " bytes from " << from << " to " << to;
  }
}

TEST_F(SimulatedDebugTest, WritesAnyRangeOfBytesAndTouchesNoOther) {
  const auto vm = launched(Policy(0));
  host_.fill(0xee);
  for (const auto& [from, to, length] : std::vector<std::array<std::size_t, 3>>{
           {0, 0, 8192}, {16, 32, 48}, {1, 1, 1}, {0, 15, 2}, {3, 4090, 20}, {4091, 7, 4000}}) {
    std::iota(memory_.begin(), memory_.end(), std::uint8_t{0});
    auto expected = memory_;
    std::copy_n(host_.begin() + static_cast<std::ptrdiff_t>(from), length,
                expected.begin() + static_cast<std::ptrdiff_t>(to));
    ASSERT_EQ(debug(*vm, GuestCommand::kDebugEncrypt, ByteView(host_).subspan(from),
                    MutableBytes(memory_).subspan(to, length)),
              kOk);
    EXPECT_EQ(memory_, expected) << length << " bytes from " << from << " to " << to;
  }
}

TEST_F(SimulatedDebugTest, IsRefusedByThePolicyAndByParametersThatLinuxRefuses) {
  const auto closed = launched(kSevPolicy);
  EXPECT_EQ(debug(*closed, GuestCommand::kDebugDecrypt, memory_, host_),
            firmware(FirmwareStatus::kPolicyFailure));
  const auto vm = launched(Policy(0));
  for (const auto command : {GuestCommand::kDebugDecrypt, GuestCommand::kDebugEncrypt}) {
    EXPECT_EQ(vm->operate(command, nullptr), kernel(EFAULT));
    EXPECT_EQ(debug(*vm, command, memory_, MutableBytes(host_).first(0)), kernel(EINVAL));
    DebugArguments wrapping{~0ULL - 4, address_of(host_), 16};
    EXPECT_EQ(vm->operate(command, &wrapping), kernel(EINVAL));
    DebugArguments to_null{address_of(memory_), 0, 16};
    EXPECT_EQ(vm->operate(command, &to_null), kernel(EINVAL));
    DebugArguments from_null{0, address_of(host_), 16};
    EXPECT_EQ(vm->operate(command, &from_null), kernel(ENOMEM));
  }
}

TEST_F(SimulatedDebugTest, ReportsOnAGuestAndSaysHowLongAReportIs) {
  const auto vm = launched(kSevPolicy);
  ASSERT_EQ(update(*vm, memory_), kOk);
  AttestationReportArguments arguments;
  EXPECT_EQ(vm->operate(GuestCommand::kAttestationReport, &arguments),
            firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(arguments.length, 208U);
  EXPECT_EQ(vm->operate(GuestCommand::kAttestationReport, nullptr), kernel(EFAULT));

  Bytes bytes(208);
  arguments.address = address_of(bytes);
  arguments.length = 100;
  EXPECT_EQ(vm->operate(GuestCommand::kAttestationReport, &arguments),
            firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(arguments.length, 100U) << "Linux writes the length back for a query alone";
  arguments.length = kMaxBlobSize + 1;
  EXPECT_EQ(vm->operate(GuestCommand::kAttestationReport, &arguments), kernel(EINVAL));

  arguments.length = 208;
  arguments.nonce[3] = 0x5a;
  ASSERT_EQ(vm->operate(GuestCommand::kAttestationReport, &arguments), kOk);
  const auto report = parse_attestation_report(bytes);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->mnonce[3], 0x5a);
  EXPECT_EQ(report->launch_digest, crypto::sha256(memory_));
  const auto device = platform_->open_device();
  const PlatformInformation information = read_platform(*device);
  const auto pek = parse_sev_certificate(ByteView(information.chain).first(kCertificateSize));
  EXPECT_TRUE(is_signed_by(*report, *pek));
}

}  // namespace
}  // namespace virtsev::sevcore
