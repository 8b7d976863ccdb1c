// SPDX-License-Identifier: LGPL-2.1-or-later
// A firmware with a small ASID range, and short ways to give it commands.
#pragma once

#include <gtest/gtest.h>

#include "sevcore/abi/firmware_version.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/firmware/firmware_core.hpp"
#include "sevcore/owner/secret.hpp"

namespace virtsev::sevcore {

template <typename T>
std::uint64_t address_of(T& object) {
  return reinterpret_cast<std::uintptr_t>(object.data());
}

/// One identity for all tests: making one takes four key pairs.
inline PlatformIdentity shared_identity() {
  static const Bytes kBytes = serialise(make_platform_identity());
  return std::move(*parse_platform_identity(kBytes));
}

class FirmwareTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kSevAsid = 3;
  static constexpr std::uint32_t kEsAsid = 1;
  static constexpr AsidRange kAsids{4, 3};

  FirmwareTest() { initialize(); }

  template <typename Buffer>
  FirmwareStatus run(MailboxCommand command, Buffer& buffer) {
    return core_.submit(command, {reinterpret_cast<std::uint8_t*>(&buffer), sizeof(buffer)});
  }
  FirmwareStatus run(MailboxCommand command) { return core_.submit(command, {}); }
  FirmwareStatus run_on(MailboxCommand command, std::uint32_t handle) {
    HandleBuffer buffer{handle};
    return run(command, buffer);
  }

  void initialize(std::uint32_t flags = kInitEs) {
    InitBuffer buffer;
    buffer.flags = flags;
    run(MailboxCommand::kInit, buffer);
  }

  /// LAUNCH_START without an owner.
  FirmwareStatus start(Policy policy, std::uint32_t& handle) {
    LaunchStartBuffer buffer;
    buffer.policy = policy.value();
    const FirmwareStatus status = run(MailboxCommand::kLaunchStart, buffer);
    handle = buffer.handle;
    return status;
  }
  /// LAUNCH_START with an owner's session.
  FirmwareStatus start(ByteView godh, ByteView blob, Policy policy, std::uint32_t& handle) {
    LaunchStartBuffer buffer;
    buffer.policy = policy.value();
    buffer.dh_address = reinterpret_cast<std::uintptr_t>(godh.data());
    buffer.dh_length = static_cast<std::uint32_t>(godh.size());
    buffer.session_address = reinterpret_cast<std::uintptr_t>(blob.data());
    buffer.session_length = static_cast<std::uint32_t>(blob.size());
    const FirmwareStatus status = run(MailboxCommand::kLaunchStart, buffer);
    handle = buffer.handle;
    return status;
  }
  FirmwareStatus activate(std::uint32_t handle, std::uint32_t asid) {
    ActivateBuffer buffer{handle, asid};
    return run(MailboxCommand::kActivate, buffer);
  }
  FirmwareStatus update(std::uint32_t handle, MutableBytes data) {
    GuestRangeBuffer buffer{handle, 0, address_of(data), static_cast<std::uint32_t>(data.size())};
    return run(MailboxCommand::kLaunchUpdateData, buffer);
  }
  FirmwareStatus update_vmsa(std::uint32_t handle) {
    GuestRangeBuffer buffer{handle, 0, address_of(page_), static_cast<std::uint32_t>(page_.size())};
    return run(MailboxCommand::kLaunchUpdateVmsa, buffer);
  }
  FirmwareStatus measure(std::uint32_t handle) {
    GuestRangeBuffer buffer{handle, 0, address_of(measurement_),
                            static_cast<std::uint32_t>(measurement_.size())};
    return run(MailboxCommand::kLaunchMeasure, buffer);
  }
  FirmwareStatus inject(std::uint32_t handle, const SecretPacket& packet) {
    PacketBuffer buffer;
    buffer.handle = handle;
    buffer.header_address = reinterpret_cast<std::uintptr_t>(packet.header.data());
    buffer.header_length = kPacketHeaderSize;
    buffer.guest_address = address_of(secret_);
    buffer.guest_length = static_cast<std::uint32_t>(packet.data.size());
    buffer.transport_address = reinterpret_cast<std::uintptr_t>(packet.data.data());
    buffer.transport_length = static_cast<std::uint32_t>(packet.data.size());
    return run(MailboxCommand::kLaunchUpdateSecret, buffer);
  }
  FirmwareStatus attest(std::uint32_t handle, ByteArray<208>& report, const ByteArray<16>& nonce = {}) {
    AttestationBuffer buffer;
    buffer.handle = handle;
    buffer.address = address_of(report);
    std::copy(nonce.begin(), nonce.end(), buffer.nonce);
    buffer.length = static_cast<std::uint32_t>(report.size());
    return run(MailboxCommand::kAttestation, buffer);
  }
  FirmwareStatus debug(MailboxCommand command, std::uint32_t handle, ByteView from, MutableBytes to) {
    DebugBuffer buffer;
    buffer.handle = handle;
    buffer.source = reinterpret_cast<std::uintptr_t>(from.data());
    buffer.destination = reinterpret_cast<std::uintptr_t>(to.data());
    buffer.length = static_cast<std::uint32_t>(to.size());
    return run(command, buffer);
  }
  GuestState state_of(std::uint32_t handle) {
    GuestStatusBuffer buffer;
    buffer.handle = handle;
    EXPECT_EQ(run(MailboxCommand::kGuestStatus, buffer), FirmwareStatus::kSuccess);
    return static_cast<GuestState>(buffer.state);
  }
  PlatformStatusBuffer platform_status() {
    PlatformStatusBuffer buffer;
    EXPECT_EQ(run(MailboxCommand::kPlatformStatus, buffer), FirmwareStatus::kSuccess);
    return buffer;
  }

  PlainFirmwareMemory memory_;
  FirmwareCore core_{shared_identity(), kAsids, memory_};
  alignas(kPageSize) ByteArray<4096> page_{};
  alignas(16) ByteArray<256> secret_{};
  ByteArray<48> measurement_{};
};

inline constexpr Policy kSevPolicy{0x1};
inline constexpr Policy kEsPolicy{0x5};

}  // namespace virtsev::sevcore
