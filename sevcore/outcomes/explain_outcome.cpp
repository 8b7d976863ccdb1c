// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/outcomes/explain_outcome.hpp"

#include <cerrno>
#include <cstring>

#include "sevcore/base/text.hpp"
#include "sevcore/outcomes/outcome_table.hpp"

namespace virtsev::sevcore {
namespace {

/// Which column of the table of kernel answers applies.
KernelCall call_of(GuestCommand command) {
  switch (command) {
    case GuestCommand::kInit:
    case GuestCommand::kEsInit:
    case GuestCommand::kInit2:
      return KernelCall::kInitialize;
    default:
      return KernelCall::kGuest;
  }
}

/// Where the security processor is dead, busy or not there, a status is one of an earlier command.
bool firmware_answered(const Outcome& outcome) {
  switch (outcome.error_number) {
    case ETIMEDOUT:
    case EBUSY:
    case ENODEV:
      return false;
    default:
      return outcome.firmware_status != kNoFirmwareCall && outcome.firmware_status != 0;
  }
}

std::string name_of_errno(int error_number) {
  const char* name = ::strerrorname_np(error_number);
  if (name == nullptr) {
    return error_number == kKernelNotSupported ? "ENOTSUPP" : std::to_string(error_number);
  }
  return name;
}

Explanation explanation_of(std::string_view command, KernelCall call, const Outcome& outcome) {
  if (firmware_answered(outcome)) {
    return explain_status(command, static_cast<FirmwareStatus>(outcome.firmware_status));
  }
  return explain_errno(call, outcome.error_number);
}

/// Name and number of both answers, for whoever looks them up in a specification.
std::string numbers_of(const Outcome& outcome) {
  const std::string error = name_of_errno(outcome.error_number);
  if (!firmware_answered(outcome)) {
    return text("the kernel said {}", error);
  }
  const auto status = static_cast<FirmwareStatus>(outcome.firmware_status);
  return text("the kernel said {}, the firmware {} ({:#x})", error, name_of(status), outcome.firmware_status);
}

std::string put_together(std::string_view command, const Explanation& explanation, const Outcome& outcome) {
  return text("{} failed: {}; {} ({})", command, explanation.cause, explanation.next_step,
              numbers_of(outcome));
}

Error make_error(std::string_view command, KernelCall call, const Outcome& outcome) {
  const Explanation explanation = explanation_of(command, call, outcome);
  return {explanation.code, put_together(command, explanation, outcome)};
}

std::string make_text(std::string_view command, KernelCall call, const Outcome& outcome) {
  return put_together(command, explanation_of(command, call, outcome), outcome);
}

constexpr std::string_view kRegistration = "MEMORY_ENCRYPT_REG_REGION";

}  // namespace

std::string explain(GuestCommand command, const Outcome& outcome) {
  return make_text(name_of(command), call_of(command), outcome);
}

std::string explain(PlatformCommand command, const Outcome& outcome) {
  return make_text(name_of(command), KernelCall::kPlatform, outcome);
}

Error sev_error(GuestCommand command, const Outcome& outcome) {
  return make_error(name_of(command), call_of(command), outcome);
}

Error sev_error(PlatformCommand command, const Outcome& outcome) {
  return make_error(name_of(command), KernelCall::kPlatform, outcome);
}

Error initialization_error(GuestCommand command, const Outcome& outcome, AsidPool pool) {
  const Error error = sev_error(command, outcome);
  if (error.code() != ErrorCode::kResourceBusy) {
    return error;
  }
  const char* const kind = pool.encrypted_state ? "SEV-ES" : "SEV";
  if (pool.simulated) {
    return {error.code(),
            text("{} failed: no ASID is free: as many {} guests run as this simulated platform can have at "
                 "once ({}); stop one, or raise {} in virtsevd.conf ({})",
                 name_of(command), kind, pool.size,
                 pool.encrypted_state ? "simulated_es_asids" : "simulated_sev_asids", numbers_of(outcome))};
  }
  return {error.code(), text("{} (this host can run {} {} guests at once)", error.what(), pool.size, kind)};
}

Error registration_error(const Outcome& outcome) {
  return make_error(kRegistration, KernelCall::kRegistration, outcome);
}

}  // namespace virtsev::sevcore
