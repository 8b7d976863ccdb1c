// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/firmware/guest_context.hpp"

namespace virtsev::sevcore {

bool allowed_in(MailboxCommand command, GuestState state) {
  switch (command) {
    case MailboxCommand::kDecommission:
    case MailboxCommand::kActivate:
    case MailboxCommand::kDeactivate:
    case MailboxCommand::kGuestStatus:
      return true;
    case MailboxCommand::kLaunchUpdateData:
    case MailboxCommand::kLaunchUpdateVmsa:
    case MailboxCommand::kLaunchMeasure:
      return state == GuestState::kLaunchUpdate;
    case MailboxCommand::kLaunchUpdateSecret:
    case MailboxCommand::kLaunchFinish:
      return state == GuestState::kLaunchSecret;
    case MailboxCommand::kSendStart:
      return state == GuestState::kRunning;
    case MailboxCommand::kSendUpdateData:
    case MailboxCommand::kSendUpdateVmsa:
    case MailboxCommand::kSendFinish:
    case MailboxCommand::kSendCancel:
      return state == GuestState::kSendUpdate;
    case MailboxCommand::kReceiveUpdateData:
    case MailboxCommand::kReceiveUpdateVmsa:
    case MailboxCommand::kReceiveFinish:
      return state == GuestState::kReceiveUpdate;
    case MailboxCommand::kAttestation:
    case MailboxCommand::kDebugDecrypt:
    case MailboxCommand::kDebugEncrypt:
      return state == GuestState::kLaunchUpdate || state == GuestState::kLaunchSecret ||
             state == GuestState::kRunning;
    default:
      return false;
  }
}

}  // namespace virtsev::sevcore
