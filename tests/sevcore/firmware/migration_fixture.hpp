// SPDX-License-Identifier: LGPL-2.1-or-later
// A second platform beside the fixture's own, and short ways to send a guest from one to the other.
#pragma once

#include "sevcore/abi/packet.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {

inline PlatformIdentity other_identity() {
  static const Bytes kBytes = serialise(make_platform_identity());
  return std::move(*parse_platform_identity(kBytes));
}

/// ASK and ARK of every simulated platform, as SEND_START wants them.
inline Bytes simulated_amd_certificates() {
  Bytes bytes = serialise(simulated_ask());
  const Bytes ark = serialise(simulated_ark());
  bytes.insert(bytes.end(), ark.begin(), ark.end());
  return bytes;
}

class MigrationTest : public FirmwareTest {
 protected:
  MigrationTest() {
    InitBuffer buffer;
    buffer.flags = kInitEs;
    EXPECT_EQ(run_at(target_, MailboxCommand::kInit, buffer), FirmwareStatus::kSuccess);
  }

  template <typename Buffer>
  static FirmwareStatus run_at(FirmwareCore& core, MailboxCommand command, Buffer& buffer) {
    return core.submit(command, {reinterpret_cast<std::uint8_t*>(&buffer), sizeof(buffer)});
  }
  static FirmwareStatus end_at(FirmwareCore& core, MailboxCommand command, std::uint32_t handle) {
    HandleBuffer buffer{handle};
    return run_at(core, command, buffer);
  }
  static GuestState state_at(FirmwareCore& core, std::uint32_t handle) {
    GuestStatusBuffer buffer;
    buffer.handle = handle;
    EXPECT_EQ(run_at(core, MailboxCommand::kGuestStatus, buffer), FirmwareStatus::kSuccess);
    return static_cast<GuestState>(buffer.state);
  }

  /// A running guest on the fixture's own platform.
  std::uint32_t running(Policy policy) {
    std::uint32_t handle = 0;
    EXPECT_EQ(start(policy, handle), FirmwareStatus::kSuccess);
    EXPECT_EQ(activate(handle, policy.has(PolicyBit::kEs) ? kEsAsid : kSevAsid), FirmwareStatus::kSuccess);
    EXPECT_EQ(measure(handle), FirmwareStatus::kSuccess);
    EXPECT_EQ(run_on(MailboxCommand::kLaunchFinish, handle), FirmwareStatus::kSuccess);
    return handle;
  }

  FirmwareStatus send_start(std::uint32_t handle, const PlatformCertificates& to) {
    return send_start(handle, serialise(to.pdh), serialise_chain(to), simulated_amd_certificates());
  }
  FirmwareStatus send_start(std::uint32_t handle, ByteView pdh, ByteView chain, ByteView amd) {
    SendStartBuffer buffer;
    buffer.handle = handle;
    buffer.pdh_address = reinterpret_cast<std::uintptr_t>(pdh.data());
    buffer.pdh_length = static_cast<std::uint32_t>(pdh.size());
    buffer.chain_address = reinterpret_cast<std::uintptr_t>(chain.data());
    buffer.chain_length = static_cast<std::uint32_t>(chain.size());
    buffer.amd_address = reinterpret_cast<std::uintptr_t>(amd.data());
    buffer.amd_length = static_cast<std::uint32_t>(amd.size());
    buffer.session_address = address_of(session_blob_);
    buffer.session_length = kSessionSize;
    return run(MailboxCommand::kSendStart, buffer);
  }
  /// Gives the handle, and an ASID to go with it.
  FirmwareStatus receive_start(FirmwareCore& at, Policy policy, ByteView sender_pdh, ByteView session,
                               std::uint32_t& handle, std::uint32_t asid) {
    LaunchStartBuffer buffer;
    buffer.policy = policy.value();
    buffer.dh_address = reinterpret_cast<std::uintptr_t>(sender_pdh.data());
    buffer.dh_length = static_cast<std::uint32_t>(sender_pdh.size());
    buffer.session_address = reinterpret_cast<std::uintptr_t>(session.data());
    buffer.session_length = static_cast<std::uint32_t>(session.size());
    const FirmwareStatus status = run_at(at, MailboxCommand::kReceiveStart, buffer);
    if (status == FirmwareStatus::kSuccess) {
      handle = buffer.handle;
      ActivateBuffer activation{handle, asid};
      EXPECT_EQ(run_at(at, MailboxCommand::kActivate, activation), FirmwareStatus::kSuccess);
    }
    return status;
  }
  FirmwareStatus receive_start(Policy policy, std::uint32_t& handle) {
    return receive_start(target_, policy, serialise(core_.identity().certificates.pdh), session_blob_, handle,
                         policy.has(PolicyBit::kEs) ? kEsAsid : kSevAsid);
  }

  FirmwareStatus carry(FirmwareCore& at, MailboxCommand command, std::uint32_t handle, MutableBytes guest,
                       Packet& packet) {
    PacketBuffer buffer;
    buffer.handle = handle;
    buffer.header_address = address_of(packet.header);
    buffer.header_length = kPacketHeaderSize;
    buffer.guest_address = address_of(guest);
    buffer.guest_length = static_cast<std::uint32_t>(guest.size());
    buffer.transport_address = address_of(packet.data);
    buffer.transport_length = static_cast<std::uint32_t>(packet.data.size());
    return run_at(at, command, buffer);
  }
  FirmwareStatus send(MailboxCommand command, std::uint32_t handle, MutableBytes guest, Packet& packet) {
    packet.data.resize(guest.size());
    return carry(core_, command, handle, guest, packet);
  }
  FirmwareStatus receive(MailboxCommand command, std::uint32_t handle, MutableBytes guest, Packet packet) {
    return carry(target_, command, handle, guest, packet);
  }

  FirmwareCore target_{other_identity(), kAsids, memory_};
  ByteArray<128> session_blob_{};
};

/// SEV-ES, and nothing forbidden.
inline constexpr Policy kOpenPolicy{0x4};

}  // namespace virtsev::sevcore
