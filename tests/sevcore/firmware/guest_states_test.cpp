// SPDX-License-Identifier: LGPL-2.1-or-later
// Every command that the software firmware implements, in every state that a guest can be in.
#include "tests/sevcore/firmware/migration_fixture.hpp"
#include "tests/sevcore/firmware/state_tables.hpp"

namespace virtsev::sevcore {
namespace {

using namespace states;

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

  static FirmwareStatus expected_of(const GuestRow& row, Place place, bool active) {
    const FirmwareStatus status = row.expected[static_cast<std::size_t>(place)];
    if (status == kSuccess && row.asid == Asid::kNeeded && !active) {
      return kInactive;
    }
    return status == kSuccess && row.asid == Asid::kUnwanted && active ? kActive : status;
  }
  void expect_row(const GuestRow& row, Place place, bool active) {
    const std::uint32_t handle = bring_to(place);
    if (place == Place::kNoGuest) {
      EXPECT_EQ(give(row.command, handle), row.expected[static_cast<std::size_t>(place)]);
      return;
    }
    if (!active) {
      ASSERT_EQ(run_on(MailboxCommand::kDeactivate, handle), kSuccess);
    }
    const GuestState before = state_of(handle);
    const FirmwareStatus status = give(row.command, handle);
    EXPECT_EQ(status, expected_of(row, place, active));
    const GuestState next = status == kSuccess ? row.next.value_or(before) : before;
    if (next == GuestState::kUninitialized) {
      GuestStatusBuffer gone;
      gone.handle = handle;
      EXPECT_EQ(run(MailboxCommand::kGuestStatus, gone), kInvalidGuest);
    } else {
      EXPECT_EQ(state_of(handle), next);
    }
  }

  /// With the ASID that it had, or would have got.
  FirmwareStatus activate_again(std::uint32_t handle) {
    run(MailboxCommand::kDfFlush);
    const FirmwareStatus status = activate(handle, kEsAsid);
    return status == kAsidOwned ? activate(handle, kSecondEsAsid) : status;
  }

  FirmwareStatus give(MailboxCommand command, std::uint32_t handle) {
    switch (command) {
      case MailboxCommand::kActivate:
        return activate_again(handle);
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

TEST_F(GuestStatesTest, EveryCommandAnswersAndLeadsOnInEveryStateAsTheTableSays) {
  for (const GuestRow& row : kGuestTable) {
    for (const Place place : kPlaces) {
      for (const bool active : {true, false}) {
        SCOPED_TRACE(testing::Message()
                     << "command " << static_cast<unsigned>(row.command) << ", "
                     << kPlaceNames[static_cast<std::size_t>(place)] << (active ? "" : " without ASID"));
        expect_row(row, place, active);
      }
    }
  }
}

TEST_F(GuestStatesTest, NewGuestsAreMadeWhateverStateOthersAreIn) {
  for (const Place place : kPlaces) {
    SCOPED_TRACE(kPlaceNames[static_cast<std::size_t>(place)]);
    const std::uint32_t other = bring_to(place);
    const auto before = other != 0 ? std::optional(state_of(other)) : std::nullopt;
    std::uint32_t launched = 0;
    EXPECT_EQ(start(kOpenPolicy, launched), kSuccess);
    EXPECT_EQ(state_of(launched), GuestState::kLaunchUpdate);
    LaunchStartBuffer receive;
    receive.policy = kOpenPolicy.value();
    const auto godh = serialise(session_.godh);
    receive.dh_address = address_of(godh);
    receive.dh_length = kCertificateSize;
    receive.session_address = address_of(session_.blob);
    receive.session_length = kSessionSize;
    EXPECT_EQ(run(MailboxCommand::kReceiveStart, receive), kSuccess);
    EXPECT_EQ(state_of(receive.handle), GuestState::kReceiveUpdate);
    if (before) {
      EXPECT_EQ(state_of(other), *before);
    }
  }
}

/// The firmware's own switch names every enumerator, or the compiler warns; so whatever it does not call
/// INVALID_COMMAND is one.
TEST_F(GuestStatesTest, EveryCommandStandsInATable) {
  Bytes buffer(1);
  unsigned commands = 0;
  for (std::uint32_t number = 0; number < 0x100; ++number) {
    const auto command = static_cast<MailboxCommand>(number);
    const bool known = core_.submit(command, buffer) != kInvalidCommand;
    EXPECT_EQ(is_in_a_table(command), known) << number;
    commands += known ? 1 : 0;
  }
  EXPECT_EQ(commands,
            kGuestTable.size() + kPlatformTable.size() + kGuestMakers.size() + kUnsupportedCommands.size());
}

TEST_F(GuestStatesTest, GuestCommandsNeedAnInitializedPlatform) {
  run(MailboxCommand::kShutdown);
  for (const GuestRow& row : kGuestTable) {
    EXPECT_EQ(give(row.command, 1), kInvalidPlatformState) << static_cast<unsigned>(row.command);
  }
  std::uint32_t handle = 0;
  EXPECT_EQ(start(kSevPolicy, handle), kInvalidPlatformState);
  EXPECT_EQ(receive_start(core_, kOpenPolicy, serialise(session_.godh), session_.blob, handle, kEsAsid),
            kInvalidPlatformState);
}

TEST_F(GuestStatesTest, CommandsThatLinuxDoesNotOfferSayUnsupported) {
  Bytes buffer(256);
  for (const auto command : kUnsupportedCommands) {
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
  for (const GuestRow& row : kGuestTable) {
    EXPECT_EQ(core_.submit(row.command, buffer), kInvalidAddress) << static_cast<unsigned>(row.command);
  }
}

}  // namespace
}  // namespace virtsev::sevcore
