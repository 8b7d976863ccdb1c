// SPDX-License-Identifier: LGPL-2.1-or-later
// Every command that the software firmware implements, in every state that a guest can be in.
#include <array>

#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

/// Where the guest stands. The firmware has no guest at all where the specification says UNINIT.
enum class Place : std::size_t { kNoGuest, kNoAsid, kLaunchUpdate, kLaunchSecret, kRunning };
constexpr std::array kPlaces = {Place::kNoGuest, Place::kNoAsid, Place::kLaunchUpdate, Place::kLaunchSecret,
                                Place::kRunning};
constexpr std::array kPlaceNames = {"no guest", "LUPDATE without ASID", "LUPDATE", "LSECRET", "RUNNING"};

struct Row {
  MailboxCommand command;
  std::array<FirmwareStatus, kPlaces.size()> expected;  ///< In the order of kPlaces
};

constexpr std::array kTable = {
    Row{MailboxCommand::kActivate, {kInvalidGuest, kSuccess, kActive, kActive, kActive}},
    Row{MailboxCommand::kDeactivate, {kInvalidGuest, kSuccess, kSuccess, kSuccess, kSuccess}},
    Row{MailboxCommand::kDecommission, {kInvalidGuest, kSuccess, kActive, kActive, kActive}},
    Row{MailboxCommand::kGuestStatus, {kInvalidGuest, kSuccess, kSuccess, kSuccess, kSuccess}},
    Row{MailboxCommand::kLaunchUpdateData,
        {kInvalidGuest, kInactive, kSuccess, kInvalidGuestState, kInvalidGuestState}},
    Row{MailboxCommand::kLaunchUpdateVmsa,
        {kInvalidGuest, kInactive, kSuccess, kInvalidGuestState, kInvalidGuestState}},
    Row{MailboxCommand::kLaunchMeasure,
        {kInvalidGuest, kSuccess, kSuccess, kInvalidGuestState, kInvalidGuestState}},
    Row{MailboxCommand::kLaunchUpdateSecret,
        {kInvalidGuest, kInvalidGuestState, kInvalidGuestState, kSuccess, kInvalidGuestState}},
    Row{MailboxCommand::kLaunchFinish,
        {kInvalidGuest, kInvalidGuestState, kInvalidGuestState, kSuccess, kInvalidGuestState}},
    Row{MailboxCommand::kAttestation, {kInvalidGuest, kSuccess, kSuccess, kSuccess, kSuccess}},
    Row{MailboxCommand::kDebugDecrypt, {kInvalidGuest, kInactive, kSuccess, kSuccess, kSuccess}},
    Row{MailboxCommand::kDebugEncrypt, {kInvalidGuest, kInactive, kSuccess, kSuccess, kSuccess}},
};

/// SEV-ES, and nothing forbidden.
constexpr Policy kOpenPolicy{0x4};

class GuestStatesTest : public FirmwareTest {
 protected:
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
    if (place != Place::kLaunchUpdate) {
      EXPECT_EQ(measure(handle), kSuccess);
    }
    if (place == Place::kRunning) {
      EXPECT_EQ(run_on(MailboxCommand::kLaunchFinish, handle), kSuccess);
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
      default:
        return run_on(command, handle);
    }
  }

  OwnerSession session_;
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
}

TEST_F(GuestStatesTest, CommandsOfTheSpecificationThatAreMissingSayUnsupported) {
  Bytes buffer(256);
  for (const auto command :
       {MailboxCommand::kDownloadFirmware, MailboxCommand::kInitEx, MailboxCommand::kCopy,
        MailboxCommand::kActivateEx, MailboxCommand::kSendStart, MailboxCommand::kSendUpdateData,
        MailboxCommand::kSendUpdateVmsa, MailboxCommand::kSendFinish, MailboxCommand::kSendCancel,
        MailboxCommand::kReceiveStart, MailboxCommand::kReceiveUpdateData, MailboxCommand::kReceiveUpdateVmsa,
        MailboxCommand::kReceiveFinish}) {
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
