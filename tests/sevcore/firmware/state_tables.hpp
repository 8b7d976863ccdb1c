// SPDX-License-Identifier: LGPL-2.1-or-later
// What every command of the software firmware answers in every state, and the state that it leads to: the
// state machines of the SEV API (AMD document 55766), with this firmware's own choices where it leaves any.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "sevcore/abi/mailbox.hpp"

namespace virtsev::sevcore::states {

using enum FirmwareStatus;

/// Where a guest stands. The firmware has no guest at all where the specification says UNINIT.
enum class Place : std::size_t {
  kNoGuest,
  kLaunchUpdate,
  kLaunchSecret,
  kRunning,
  kSendUpdate,
  kReceiveUpdate,
  kSent,
};
inline constexpr std::array kPlaces = {Place::kNoGuest, Place::kLaunchUpdate, Place::kLaunchSecret,
                                       Place::kRunning, Place::kSendUpdate,   Place::kReceiveUpdate,
                                       Place::kSent};
inline constexpr std::array kPlaceNames = {"no guest", "LUPDATE", "LSECRET", "RUNNING",
                                           "SUPDATE",  "RUPDATE", "SENT"};

/// What the command needs the guest to have an ASID for.
enum class Asid : std::uint8_t {
  kAny,       ///< The same with and without
  kNeeded,    ///< Without: INACTIVE, where it would be done
  kUnwanted,  ///< Done without one alone; with one: ACTIVE
};

struct GuestRow {
  MailboxCommand command;
  std::array<FirmwareStatus, kPlaces.size()> expected;  ///< In the order of kPlaces
  Asid asid = Asid::kAny;
  std::optional<GuestState> next;  ///< After success; none: as before
};

inline constexpr FirmwareStatus kYes = kSuccess;
inline constexpr FirmwareStatus kWho = kInvalidGuest;
inline constexpr FirmwareStatus kNot = kInvalidGuestState;

inline constexpr std::array kGuestTable = {
    // In the order of kPlaces: none, LUPDATE, LSECRET, RUNNING, SUPDATE, RUPDATE, SENT
    GuestRow{MailboxCommand::kActivate, {kWho, kYes, kYes, kYes, kYes, kYes, kYes}, Asid::kUnwanted, {}},
    GuestRow{MailboxCommand::kDeactivate, {kWho, kYes, kYes, kYes, kYes, kYes, kYes}, Asid::kAny, {}},
    GuestRow{MailboxCommand::kDecommission,
             {kWho, kYes, kYes, kYes, kYes, kYes, kYes},
             Asid::kUnwanted,
             GuestState::kUninitialized},
    GuestRow{MailboxCommand::kGuestStatus, {kWho, kYes, kYes, kYes, kYes, kYes, kYes}, Asid::kAny, {}},
    GuestRow{
        MailboxCommand::kLaunchUpdateData, {kWho, kYes, kNot, kNot, kNot, kNot, kNot}, Asid::kNeeded, {}},
    GuestRow{
        MailboxCommand::kLaunchUpdateVmsa, {kWho, kYes, kNot, kNot, kNot, kNot, kNot}, Asid::kNeeded, {}},
    GuestRow{MailboxCommand::kLaunchMeasure,
             {kWho, kYes, kNot, kNot, kNot, kNot, kNot},
             Asid::kAny,
             GuestState::kLaunchSecret},
    GuestRow{
        MailboxCommand::kLaunchUpdateSecret, {kWho, kNot, kYes, kNot, kNot, kNot, kNot}, Asid::kNeeded, {}},
    GuestRow{MailboxCommand::kLaunchFinish,
             {kWho, kNot, kYes, kNot, kNot, kNot, kNot},
             Asid::kAny,
             GuestState::kRunning},
    GuestRow{MailboxCommand::kAttestation, {kWho, kYes, kYes, kYes, kNot, kNot, kNot}, Asid::kAny, {}},
    GuestRow{MailboxCommand::kSendStart,
             {kWho, kNot, kNot, kYes, kNot, kNot, kNot},
             Asid::kAny,
             GuestState::kSendUpdate},
    GuestRow{MailboxCommand::kSendUpdateData, {kWho, kNot, kNot, kNot, kYes, kNot, kNot}, Asid::kNeeded, {}},
    GuestRow{MailboxCommand::kSendUpdateVmsa, {kWho, kNot, kNot, kNot, kYes, kNot, kNot}, Asid::kNeeded, {}},
    GuestRow{MailboxCommand::kSendFinish,
             {kWho, kNot, kNot, kNot, kYes, kNot, kNot},
             Asid::kAny,
             GuestState::kSent},
    GuestRow{MailboxCommand::kSendCancel,
             {kWho, kNot, kNot, kNot, kYes, kNot, kNot},
             Asid::kAny,
             GuestState::kRunning},
    GuestRow{
        MailboxCommand::kReceiveUpdateData, {kWho, kNot, kNot, kNot, kNot, kYes, kNot}, Asid::kNeeded, {}},
    GuestRow{
        MailboxCommand::kReceiveUpdateVmsa, {kWho, kNot, kNot, kNot, kNot, kYes, kNot}, Asid::kNeeded, {}},
    GuestRow{MailboxCommand::kReceiveFinish,
             {kWho, kNot, kNot, kNot, kNot, kYes, kNot},
             Asid::kAny,
             GuestState::kRunning},
    GuestRow{MailboxCommand::kDebugDecrypt, {kWho, kYes, kYes, kYes, kNot, kNot, kNot}, Asid::kNeeded, {}},
    GuestRow{MailboxCommand::kDebugEncrypt, {kWho, kYes, kYes, kYes, kNot, kNot, kNot}, Asid::kNeeded, {}},
};

/// The two commands that make a guest: whatever other guests do, in every state but UNINIT of the platform.
inline constexpr std::array kGuestMakers = {MailboxCommand::kLaunchStart, MailboxCommand::kReceiveStart};

struct PlatformRow {
  MailboxCommand command;
  /// UNINIT, INIT, WORKING; each of a platform that owns itself, and of one with an owner.
  std::array<FirmwareStatus, 3> self_owned;
  std::array<FirmwareStatus, 3> owned;
  std::optional<PlatformState> next;     ///< After success; none: as before
  std::optional<bool> owned_afterwards;  ///< After success; none: as before
};

inline constexpr FirmwareStatus kBad = kInvalidPlatformState;
inline constexpr FirmwareStatus kOwn = kAlreadyOwned;

inline constexpr std::array kPlatformTable = {
    PlatformRow{
        MailboxCommand::kInit, {kYes, kBad, kBad}, {kYes, kBad, kBad}, PlatformState::kInitialized, {}},
    PlatformRow{
        MailboxCommand::kShutdown, {kBad, kYes, kYes}, {kBad, kYes, kYes}, PlatformState::kUninitialized, {}},
    PlatformRow{MailboxCommand::kPlatformReset, {kYes, kBad, kBad}, {kYes, kBad, kBad}, {}, false},
    PlatformRow{MailboxCommand::kPlatformStatus, {kYes, kYes, kYes}, {kYes, kYes, kYes}, {}, {}},
    PlatformRow{MailboxCommand::kPekGen, {kBad, kYes, kBad}, {kBad, kYes, kBad}, {}, false},
    PlatformRow{MailboxCommand::kPekCsr, {kBad, kYes, kBad}, {kBad, kOwn, kBad}, {}, {}},
    PlatformRow{MailboxCommand::kPekCertImport, {kBad, kYes, kBad}, {kBad, kOwn, kBad}, {}, true},
    PlatformRow{MailboxCommand::kPdhCertExport, {kBad, kYes, kYes}, {kBad, kYes, kYes}, {}, {}},
    PlatformRow{MailboxCommand::kPdhGen, {kBad, kYes, kYes}, {kBad, kYes, kYes}, {}, {}},
    PlatformRow{MailboxCommand::kDfFlush, {kBad, kYes, kYes}, {kBad, kYes, kYes}, {}, {}},
    PlatformRow{MailboxCommand::kGetId, {kYes, kYes, kYes}, {kYes, kYes, kYes}, {}, {}},
};

/// What Linux does not offer, and this firmware neither, in any state.
inline constexpr std::array kUnsupportedCommands = {MailboxCommand::kDownloadFirmware,
                                                    MailboxCommand::kInitEx, MailboxCommand::kCopy,
                                                    MailboxCommand::kActivateEx};

inline bool is_in_a_table(MailboxCommand command) {
  const auto names = [command](const auto& row) { return row.command == command; };
  const auto has = [command](const auto& list) {
    return std::find(list.begin(), list.end(), command) != list.end();
  };
  return std::any_of(kGuestTable.begin(), kGuestTable.end(), names) ||
         std::any_of(kPlatformTable.begin(), kPlatformTable.end(), names) || has(kGuestMakers) ||
         has(kUnsupportedCommands);
}

}  // namespace virtsev::sevcore::states
