// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/outcomes/status_by_command.hpp"

#include "sevcore/base/text.hpp"
#include "sevcore/kernel/snp_platform.hpp"

namespace virtsev::sevcore {
namespace {

bool starts_with(std::string_view command, std::string_view beginning) {
  return command.substr(0, beginning.size()) == beginning;
}
bool is_send(std::string_view command) { return starts_with(command, "SEND_"); }
bool is_receive(std::string_view command) { return starts_with(command, "RECEIVE_"); }
bool is_debug(std::string_view command) { return starts_with(command, "DBG_"); }
bool is_start(std::string_view command) { return command == "LAUNCH_START" || command == "RECEIVE_START"; }
bool is_launch(std::string_view command) { return starts_with(command, "LAUNCH_"); }

/// Where only virtsev chooses what is wrong.
std::string report_it() { return text("report this: it is a fault of virtsev"); }

}  // namespace

Explanation invalid_guest_state(std::string_view command) {
  std::string next_step;
  if (is_send(command)) {
    next_step =
        text("a guest is sent while it runs: SEND_START, its memory, then SEND_FINISH or SEND_CANCEL");
  } else if (is_receive(command)) {
    next_step = text("the order is RECEIVE_START, the guest's memory, RECEIVE_FINISH; start over");
  } else if (is_launch(command)) {
    next_step = text(
        "the order is start, data, VMSAs, measurement, secrets, finish; a secret is taken only "
        "after the measurement and before the first resume, and a launch can't be repeated");
  } else {
    next_step = text("the guest must have been launched, and not be on its way to another platform");
  }
  return {text("the guest is in no state for this command"), next_step, ErrorCode::kOperationInvalid};
}

Explanation invalid_length(std::string_view command) {
  std::string next_step;
  if (is_send(command) || is_receive(command)) {
    next_step = text(
        "check the sizes: a certificate has 2084 bytes, a platform's chain 6252, a session 128, a "
        "packet's header 52, its data a multiple of 16");
  } else if (is_debug(command)) {
    next_step = text("the firmware reads and writes guest memory in multiples of 16 bytes");
  } else if (is_launch(command)) {
    next_step = text(
        "check the sizes: a certificate has 2084 bytes, a session 128, a secret's header 52, a "
        "secret a multiple of 16 up to 16384");
  } else {
    next_step = text(
        "check the sizes: a certificate has 2084 bytes, a platform's chain 6252, a chip's id 64 "
        "for each socket, an attestation report 208");
  }
  return {text("a buffer's length is wrong"), next_step, ErrorCode::kInvalidArgument};
}

Explanation invalid_address(std::string_view command) {
  const bool names_guest_memory =
      is_send(command) || is_receive(command) || is_debug(command) || is_launch(command);
  return {text("an address is misaligned, or outside of memory"),
          names_guest_memory
              ? text("give a guest address that is a multiple of 16 and lies in the guest's RAM")
              : report_it(),
          names_guest_memory ? ErrorCode::kInvalidArgument : ErrorCode::kInternal};
}

Explanation invalid_parameter(std::string_view command) {
  return {text("a parameter is out of range, or a reserved bit is set"),
          is_start(command) ? text("check the policy: bits 6 to 15 must be 0") : report_it(),
          is_start(command) ? ErrorCode::kInvalidArgument : ErrorCode::kInternal};
}

Explanation bad_measurement(std::string_view command) {
  if (command == "LAUNCH_SECRET") {
    return {text("the secret's authentication code does not fit"),
            text("pack the secret again for this guest's measurement, with the TIK and TEK of the session "
                 "that it was launched with"),
            ErrorCode::kInvalidArgument};
  }
  if (command == "RECEIVE_START") {
    return {text("the session does not fit this platform, the sender's PDH or the policy"),
            text("send again: to this platform's present certificates, and with exactly the guest's policy"),
            ErrorCode::kInvalidArgument};
  }
  if (command == "RECEIVE_UPDATE_DATA" || command == "RECEIVE_UPDATE_VMSA") {
    return {text("a packet of the migration was changed on the way, or belongs to another session"),
            text("send that packet again; where that repeats, cancel and send the guest again"),
            ErrorCode::kInvalidArgument};
  }
  return {text("the session does not fit this platform, certificate or policy"),
          text("make a new session with `virtsev session` for this platform's present certificates and "
               "exactly this policy"),
          ErrorCode::kInvalidArgument};
}

Explanation invalid_certificate(std::string_view command) {
  if (command == "PEK_CERT_IMPORT") {
    return {text("the PEK or the OCA certificate is malformed, or does not answer this platform's request"),
            text("have the request signed that PEK_CSR gives now (PEK_GEN and a factory reset change it), in "
                 "one of its two places for a signature"),
            ErrorCode::kInvalidArgument};
  }
  if (command == "SEND_START") {
    return {text("a certificate of the target platform is malformed, or of the wrong kind"),
            text("give the target's PDH, then its PEK, OCA and CEK, then ASK and ARK, as it exports them"),
            ErrorCode::kInvalidArgument};
  }
  return {text("a certificate is malformed, or of the wrong kind"),
          text("give the Diffie-Hellman certificate that belongs to the session, as `virtsev session` "
               "writes it"),
          ErrorCode::kInvalidArgument};
}

Explanation policy_failure(std::string_view command) {
  if (command == "SEND_START") {
    return {text("the guest policy does not let the guest go to that platform"),
            text("NOSEND keeps it here; DOMAIN wants a target with the same owner (OCA), SEV one whose chain "
                 "ends at the same root, and the least API version holds for the target too"),
            ErrorCode::kOperationDenied};
  }
  if (command == "LAUNCH_START" || command == "RECEIVE_START") {
    return {text("the platform does not meet the guest policy"),
            text("compare the policy's least API version and its ES bit with what `virsh nodesevinfo` says "
                 "of this host; a newer firmware or another policy is needed"),
            ErrorCode::kConfigUnsupported};
  }
  return {text("the guest policy forbids this"),
          text("launch the guest with a policy that allows it (NODBG forbids debugging, NOSEND sending, NOKS "
               "key sharing)"),
          ErrorCode::kOperationDenied};
}

Explanation unsupported(std::string_view command) {
  if (is_start(command)) {
    return {text("this firmware does not run such a guest as things are; since 2025 it runs no SEV-ES guests "
                 "while SEV-SNP is initialised on the host"),
            text("for a SEV-ES guest: {}; `virtsev host` says how this host stands", cure_of_snp()),
            ErrorCode::kOperationUnsupported};
  }
  return {text("this platform does not support the command, or one of its options"),
          text("go without; `virtsev host` shows the firmware's version, and AMD's release notes say what it "
               "has, and has no more"),
          ErrorCode::kOperationUnsupported};
}

}  // namespace virtsev::sevcore
