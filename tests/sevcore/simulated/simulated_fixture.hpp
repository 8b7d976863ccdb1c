// SPDX-License-Identifier: LGPL-2.1-or-later
// A simulated platform in a directory of its own, and short ways to drive a virtual machine on it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "sevcore/abi/session.hpp"
#include "sevcore/owner/secret.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"

namespace virtsev::sevcore {

/// A platform's file, opened again for each user, as separate processes do; and what its users share.
class PlatformDirectory {
 public:
  PlatformDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "virtsev-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~PlatformDirectory() { std::filesystem::remove_all(path_); }
  PlatformDirectory(const PlatformDirectory&) = delete;
  PlatformDirectory& operator=(const PlatformDirectory&) = delete;

  [[nodiscard]] std::string identity_path() const { return path_ + "/identity"; }
  [[nodiscard]] UniqueFd identity(int flags = O_RDWR) const { return open(identity_path(), flags); }
  void set(const SimulationSettings& settings) { share_.settings = settings; }
  [[nodiscard]] SimulatedShare& share() { return share_; }
  std::unique_ptr<SimulatedPlatform> platform(int identity_flags = O_RDWR) const {
    return std::make_unique<SimulatedPlatform>(identity(identity_flags), share_);
  }

 private:
  static UniqueFd open(const std::string& path, int flags) {
    return UniqueFd(::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0600));
  }
  std::string path_;
  SimulatedShare share_{{}, std::make_shared<AsidSet>(), nullptr};
};

inline constexpr Policy kSevPolicy{0x1};
inline constexpr Policy kEsPolicy{0x5};

template <typename T>
std::uint64_t address_of(T& object) {
  return reinterpret_cast<std::uintptr_t>(object.data());
}

inline Outcome firmware(FirmwareStatus status) { return {EIO, static_cast<std::uint32_t>(status)}; }
inline Outcome kernel(int error_number) { return {error_number, kNoFirmwareCall}; }
inline bool operator==(const Outcome& a, const Outcome& b) {
  return a.error_number == b.error_number && a.firmware_status == b.firmware_status;
}
inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << "errno " << outcome.error_number << ", firmware status " << outcome.firmware_status;
}

class SimulatedKernelTest : public ::testing::Test {
 protected:
  static constexpr Outcome kOk{};

  std::unique_ptr<SevVm> make_vm(KvmVmType type) {
    return platform_->make_vm(type, [this] { return vcpus_; });
  }
  static Outcome start(SevVm& vm, Policy policy) {
    LaunchStartArguments arguments;
    arguments.policy = policy.value();
    return vm.operate(GuestCommand::kLaunchStart, &arguments);
  }
  static Outcome start(SevVm& vm, Policy policy, const OwnerSession& session) {
    const auto godh = serialise(session.godh);
    LaunchStartArguments arguments;
    arguments.policy = policy.value();
    arguments.dh_address = address_of(godh);
    arguments.dh_length = kCertificateSize;
    arguments.session_address = address_of(session.blob);
    arguments.session_length = kSessionSize;
    return vm.operate(GuestCommand::kLaunchStart, &arguments);
  }
  static Outcome update(SevVm& vm, MutableBytes data) {
    LaunchUpdateDataArguments arguments{address_of(data), static_cast<std::uint32_t>(data.size())};
    return vm.operate(GuestCommand::kLaunchUpdateData, &arguments);
  }
  Outcome measure(SevVm& vm) {
    LaunchMeasureArguments arguments{address_of(measurement_), kMeasurementSize};
    return vm.operate(GuestCommand::kLaunchMeasure, &arguments);
  }
  static Outcome inject(SevVm& vm, const SecretPacket& packet, MutableBytes to) {
    PacketArguments arguments;
    arguments.header_address = address_of(packet.header);
    arguments.header_length = kPacketHeaderSize;
    arguments.guest_address = address_of(to);
    arguments.guest_length = static_cast<std::uint32_t>(packet.data.size());
    arguments.transport_address = address_of(packet.data);
    arguments.transport_length = static_cast<std::uint32_t>(packet.data.size());
    return vm.operate(GuestCommand::kLaunchSecret, &arguments);
  }
  static GuestState state_of(SevVm& vm) {
    GuestStatusArguments arguments;
    EXPECT_EQ(vm.operate(GuestCommand::kGuestStatus, &arguments), kOk);
    return static_cast<GuestState>(arguments.state);
  }

  PlatformDirectory directory_;
  std::unique_ptr<SimulatedPlatform> platform_ = directory_.platform();
  std::vector<VcpuState> vcpus_;
  ByteArray<48> measurement_{};
  alignas(kPageSize) ByteArray<2 * kPageSize> memory_{};
};

}  // namespace virtsev::sevcore
