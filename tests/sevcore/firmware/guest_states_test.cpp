// SPDX-License-Identifier: LGPL-2.1-or-later
// Every command that the software firmware implements, in every state that a guest can be in.
#include <array>

#include "tests/sevcore/firmware/migration_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

/// Where the guest stands. The firmware has no guest at all where the specification says UNINIT.
enum class Place : std::size_t {
  kNoGuest,
  kNoAsid,
  kLaunchUpdate,
  kLaunchSecret,
  kRunning,
  kSendUpdate,
  kReceiveUpdate,
  kSent,
};
constexpr std::array kPlaces = {Place::kNoGuest,       Place::kNoAsid,  Place::kLaunchUpdate,
                                Place::kLaunchSecret,  Place::kRunning, Place::kSendUpdate,
                                Place::kReceiveUpdate, Place::kSent};
constexpr std::array kPlaceNames = {
    "no guest", "LUPDATE without ASID", "LUPDATE", "LSECRET", "RUNNING", "SUPDATE", "RUPDATE", "SENT"};

struct Row {
  MailboxCommand command;
  std::array<FirmwareStatus, kPlaces.size()> expected;  ///< In the order of kPlaces
};

constexpr FirmwareStatus kYes = kSuccess;
constexpr FirmwareStatus kWho = kInvalidGuest;
constexpr FirmwareStatus kNot = kInvalidGuestState;

constexpr std::array kTable = {
    // In the order of kPlaces: none, without ASID, LUPDATE, LSECRET, RUNNING, SUPDATE, RUPDATE, SENT
    Row{MailboxCommand::kActivate, {kWho, kYes, kActive, kActive, kActive, kActive, kActive, kActive}},
    Row{MailboxCommand::kDeactivate, {kWho, kYes, kYes, kYes, kYes, kYes, kYes, kYes}},
    Row{MailboxCommand::kDecommission, {kWho, kYes, kActive, kActive, kActive, kActive, kActive, kActive}},
    Row{MailboxCommand::kGuestStatus, {kWho, kYes, kYes, kYes, kYes, kYes, kYes, kYes}},
    Row{MailboxCommand::kLaunchUpdateData, {kWho, kInactive, kYes, kNot, kNot, kNot, kNot, kNot}},
    Row{MailboxCommand::kLaunchUpdateVmsa, {kWho, kInactive, kYes, kNot, kNot, kNot, kNot, kNot}},
    Row{MailboxCommand::kLaunchMeasure, {kWho, kYes, kYes, kNot, kNot, kNot, kNot, kNot}},
    Row{MailboxCommand::kLaunchUpdateSecret, {kWho, kNot, kNot, kYes, kNot, kNot, kNot, kNot}},
    Row{MailboxCommand::kLaunchFinish, {kWho, kNot, kNot, kYes, kNot, kNot, kNot, kNot}},
    Row{MailboxCommand::kAttestation, {kWho, kYes, kYes, kYes, kYes, kNot, kNot, kNot}},
    Row{MailboxCommand::kSendStart, {kWho, kNot, kNot, kNot, kYes, kNot, kNot, kNot}},
    Row{MailboxCommand::kSendUpdateData, {kWho, kNot, kNot, kNot, kNot, kYes, kNot, kNot}},
    Row{MailboxCommand::kSendUpdateVmsa, {kWho, kNot, kNot, kNot, kNot, kYes, kNot, kNot}},
    Row{MailboxCommand::kSendFinish, {kWho, kNot, kNot, kNot, kNot, kYes, kNot, kNot}},
    Row{MailboxCommand::kSendCancel, {kWho, kNot, kNot, kNot, kNot, kYes, kNot, kNot}},
    Row{MailboxCommand::kReceiveUpdateData, {kWho, kNot, kNot, kNot, kNot, kNot, kYes, kNot}},
    Row{MailboxCommand::kReceiveUpdateVmsa, {kWho, kNot, kNot, kNot, kNot, kNot, kYes, kNot}},
    Row{MailboxCommand::kReceiveFinish, {kWho, kNot, kNot, kNot, kNot, kNot, kYes, kNot}},
    Row{MailboxCommand::kDebugDecrypt, {kWho, kInactive, kYes, kYes, kYes, kNot, kNot, kNot}},
    Row{MailboxCommand::kDebugEncrypt, {kWho, kInactive, kYes, kYes, kYes, kNot, kNot, kNot}},
};

/// The platform sends to itself here; the fixture's second one has no part in it.
class GuestStatesTest : public MigrationTest {
 protected:
  static constexpr std::uint32_t kSecondEsAsid = 2;

  GuestStatesTest() : session_(make_session(core_.identity().certificates.pdh, kOpenPolicy)) {}

  /// Brings a fresh firmware's first guest to a place; 0 where there is none.
  std::uint32_t bring_to(Place place) {
    run(MailboxCommand::kShutdown);
    initialize();
    if (place == Place::kNoGuest) {
      return 0;
    }
    std::uint32_t handle = 0;
    const auto godh = serialise(session_.godh);
    EXPECT_EQ(start(godh, session_.blob, kOpenPolicy, handle), kSuccess);
    if (place == Place::kNoAsid) {
      return handle;
    }
    EXPECT_EQ(activate(handle, kEsAsid), kSuccess);
    if (place == Place::kLaunchUpdate) {
      return handle;
    }
    EXPECT_EQ(measure(handle), kSuccess);
    if (place == Place::kLaunchSecret) {
      return handle;
    }
    EXPECT_EQ(run_on(MailboxCommand::kLaunchFinish, handle), kSuccess);
    if (place == Place::kRunning) {
      return handle;
    }
    EXPECT_EQ(send_start(handle, core_.identity().certificates), kSuccess);
    if (place == Place::kReceiveUpdate) {
      EXPECT_EQ(send(MailboxCommand::kSendUpdateData, handle, page_, memory_packet_), kSuccess);
      EXPECT_EQ(send(MailboxCommand::kSendUpdateVmsa, handle, page_, vmsa_packet_), kSuccess);
      EXPECT_EQ(receive_start(core_, kOpenPolicy, serialise(core_.identity().certificates.pdh), session_blob_,
                              handle, kSecondEsAsid),
                kSuccess);
    } else if (place == Place::kSent) {
      EXPECT_EQ(run_on(MailboxCommand::kSendFinish, handle), kSuccess);
    }
    return handle;
  }

  FirmwareStatus give(MailboxCommand command, std::uint32_t handle) {
    switch (command) {
      case MailboxCommand::kActivate:
        return activate(handle, kEsAsid);
      case MailboxCommand::kLaunchUpdateData:
        return update(handle, page_);
      case MailboxCommand::kLaunchUpdateVmsa:
        return update_vmsa(handle);
      case MailboxCommand::kLaunchMeasure:
        return measure(handle);
      case MailboxCommand::kLaunchUpdateSecret:
        return inject(handle, pack_secret(session_.keys, *parse_measurement(measurement_), Bytes(32, 0x5a)));
      case MailboxCommand::kGuestStatus: {
        GuestStatusBuffer buffer;
        buffer.handle = handle;
        return run(command, buffer);
      }
      case MailboxCommand::kAttestation: {
        ByteArray<208> report;
        return attest(handle, report);
      }
      case MailboxCommand::kDebugDecrypt:
      case MailboxCommand::kDebugEncrypt:
        return debug(command, handle, page_, secret_);
      case MailboxCommand::kSendStart:
        return send_start(handle, core_.identity().certificates);
      case MailboxCommand::kSendUpdateData:
      case MailboxCommand::kSendUpdateVmsa: {
        Packet packet;
        return send(command, handle, page_, packet);
      }
      case MailboxCommand::kReceiveUpdateData:
        return carry(core_, command, handle, page_, memory_packet_);
      case MailboxCommand::kReceiveUpdateVmsa:
        return carry(core_, command, handle, page_, vmsa_packet_);
      default:
        return run_on(command, handle);
    }
  }

  OwnerSession session_;
  Packet memory_packet_;
  Packet vmsa_packet_;
};

TEST_F(GuestStatesTest, EveryCommandAnswersInEveryStateAsTheTableSays) {
  for (const Row& row : kTable) {
    for (const Place place : kPlaces) {
      const auto column = static_cast<std::size_t>(place);
      EXPECT_EQ(give(row.command, bring_to(place)), row.expected[column])
          << "command " << static_cast<unsigned>(row.command) << ", " << kPlaceNames[column];
    }
  }
}

TEST_F(GuestStatesTest, GuestCommandsNeedAnInitializedPlatform) {
  run(MailboxCommand::kShutdown);
  for (const Row& row : kTable) {
    EXPECT_EQ(give(row.command, 1), kInvalidPlatformState) << static_cast<unsigned>(row.command);
  }
  std::uint32_t handle = 0;
  EXPECT_EQ(start(kSevPolicy, handle), kInvalidPlatformState);
  EXPECT_EQ(receive_start(core_, kOpenPolicy, serialise(session_.godh), session_.blob, handle, kEsAsid),
            kInvalidPlatformState);
}

TEST_F(GuestStatesTest, CommandsThatLinuxDoesNotOfferSayUnsupported) {
  Bytes buffer(256);
  for (const auto command : {MailboxCommand::kDownloadFirmware, MailboxCommand::kInitEx,
                             MailboxCommand::kCopy, MailboxCommand::kActivateEx}) {
    EXPECT_EQ(core_.submit(command, buffer), kUnsupported) << static_cast<unsigned>(command);
  }
}

TEST_F(GuestStatesTest, NumbersThatAreNoCommandAreInvalid) {
  Bytes buffer(256);
  for (const unsigned number : {0U, 0x1fU, 0x26U, 0x37U, 0x81U, 0xffffffffU}) {
    EXPECT_EQ(core_.submit(static_cast<MailboxCommand>(number), buffer), kInvalidCommand) << number;
  }
}

TEST_F(GuestStatesTest, ABufferThatIsTooShortIsRefusedForEveryCommandThatHasOne) {
  Bytes buffer(3);
  for (const Row& row : kTable) {
    EXPECT_EQ(core_.submit(row.command, buffer), kInvalidAddress) << static_cast<unsigned>(row.command);
  }
}

}  // namespace
}  // namespace virtsev::sevcore
