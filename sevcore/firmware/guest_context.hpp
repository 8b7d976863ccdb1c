// SPDX-License-Identifier: LGPL-2.1-or-later
// What the firmware knows of one guest.
#pragma once

#include <cstdint>
#include <optional>

#include "sevcore/abi/mailbox.hpp"
#include "sevcore/abi/measurement.hpp"
#include "sevcore/abi/transport_keys.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::sevcore {

struct GuestContext {
  Policy policy;
  GuestState state = GuestState::kLaunchUpdate;
  std::optional<std::uint32_t> asid;  ///< None while inactive
  TransportKeys keys;                 ///< The owner's, or made here; of the migration, once there was one
  bool received = false;              ///< From another platform, which alone knows the launch digest
  crypto::Sha256 digest;              ///< Of all launched so far, in the order of the commands
  Measurement measurement;            ///< What LAUNCH_MEASURE gave; secrets are bound to it
};

/// Whether the guest's state machine has this command in this state (SEV API, guest state machine). ACTIVATE,
/// DEACTIVATE, DECOMMISSION and GUEST_STATUS have no such rule.
bool allowed_in(MailboxCommand command, GuestState state);

}  // namespace virtsev::sevcore
