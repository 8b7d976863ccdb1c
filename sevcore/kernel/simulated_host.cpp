// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/simulated_host.hpp"

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "sevcore/kernel/platform_files.hpp"

namespace virtsev::sevcore {
namespace {

bool changes_identity(MailboxCommand command) {
  return command == MailboxCommand::kPekGen || command == MailboxCommand::kPdhGen ||
         command == MailboxCommand::kPlatformReset || command == MailboxCommand::kPekCertImport;
}

bool uses_identity(MailboxCommand command) {
  return changes_identity(command) || command == MailboxCommand::kPdhCertExport ||
         command == MailboxCommand::kPlatformStatus || command == MailboxCommand::kPekCsr ||
         command == MailboxCommand::kGetId || command == MailboxCommand::kAttestation ||
         command == MailboxCommand::kSendStart || command == MailboxCommand::kReceiveStart ||
         command == MailboxCommand::kLaunchStart;
}

/// The commands that wait for their turn. Those that only read the platform do not: a stuck monitor must not
/// stop whoever asks for its state.
bool needs_turn(MailboxCommand command) {
  switch (command) {
    case MailboxCommand::kInit:
    case MailboxCommand::kPlatformStatus:
    case MailboxCommand::kPdhCertExport:
    case MailboxCommand::kGetId:
    case MailboxCommand::kGuestStatus:
      return false;
    default:
      return true;
  }
}

/// `turn`: set where this process has its turn already; it is taken where the file has to be made, or seems
/// to be in the making.
PlatformIdentity open_identity(int identity, int state, std::optional<QueueTurn>& turn) {
  if (auto read = IdentityFile::read(identity)) {
    return std::move(*read);
  }
  if (!turn) {
    turn.emplace(state);
  }
  return IdentityFile::read_or_make(identity);
}

PlatformIdentity open_identity(int identity, int state) {
  std::optional<QueueTurn> turn;
  return open_identity(identity, state, turn);
}

}  // namespace

SimulatedHost::SimulatedHost(UniqueFd identity, UniqueFd state)
    : identity_(std::move(identity)),
      state_(std::move(state)),
      settings_(read_simulation_settings(state_.get())),
      locks_(state_.get()),
      core_(open_identity(identity_.get(), state_.get()),
            AsidRange{settings_.es_asids + settings_.sev_asids, settings_.es_asids + 1}, memory_) {
  identity_checksum_ = IdentityFile::checksum(identity_.get());
  core_.set_guests_elsewhere([this] { return locks_.count_elsewhere(last_asid()); });
  ensure_initialized();  // As the driver's psp_init_on_probe does
}

void SimulatedHost::ensure_initialized() {
  InitBuffer buffer;
  buffer.flags = settings_.es_asids > 0 ? kInitEs : 0;
  submit(MailboxCommand::kInit, buffer);  // INVALID_PLATFORM_STATE: it was ready already
}

FirmwareStatus SimulatedHost::submit_bytes(MailboxCommand command, MutableBytes buffer, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  std::optional<QueueTurn> turn;
  if (needs_turn(command)) {
    turn.emplace(state_.get());
  }
  if (uses_identity(command)) {
    if (!identity_) {
      return FirmwareStatus::kInvalidPlatformState;
    }
    follow_identity_file(turn);
  }
  const FirmwareStatus status = run(command, buffer);
  if (status == FirmwareStatus::kSuccess) {
    spend_time(size);
  }
  return status;
}

FirmwareStatus SimulatedHost::run(MailboxCommand command, MutableBytes buffer) {
  const FirmwareStatus status = core_.submit(command, buffer);
  if (status == FirmwareStatus::kSuccess && changes_identity(command)) {
    save_identity();
  }
  return status;
}

bool SimulatedHost::initialized() {
  PlatformStatusBuffer status;
  submit(MailboxCommand::kPlatformStatus, status);
  return static_cast<PlatformState>(status.state) != PlatformState::kUninitialized;
}

Outcome SimulatedHost::factory_reset() {
  const std::lock_guard lock(mutex_);
  std::optional<QueueTurn> turn(std::in_place, state_.get());
  follow_identity_file(turn);
  PlatformStatusBuffer status;
  run(MailboxCommand::kPlatformStatus, {reinterpret_cast<std::uint8_t*>(&status), sizeof(status)});
  if (status.guest_count > 0) {  // Of this process, and of others
    return refusal(EBUSY);
  }
  run(MailboxCommand::kShutdown, {});
  return outcome_of(run(MailboxCommand::kPlatformReset, {}));
}

// The firmware's own time, during which the whole host waits for it. Rounded up, so that many small pieces
// take no less than a large one.
void SimulatedHost::spend_time(std::uint64_t size) const {
  constexpr std::uint64_t kMiB = 1U << 20;
  constexpr std::uint64_t kUsPerMs = 1000;
  const std::uint64_t delay = (size * settings_.firmware_delay_ms_per_mib * kUsPerMs + kMiB - 1) / kMiB;
  if (delay > 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(delay));
  }
}

void SimulatedHost::follow_identity_file(std::optional<QueueTurn>& turn) {
  const ByteArray<32> checksum = IdentityFile::checksum(identity_.get());
  if (checksum != identity_checksum_) {
    core_.replace_identity(open_identity(identity_.get(), state_.get(), turn));
    identity_checksum_ = IdentityFile::checksum(identity_.get());
  }
}

void SimulatedHost::forget_identity() {
  const std::lock_guard lock(mutex_);
  core_.erase_identity();
  identity_.reset();
}

void SimulatedHost::save_identity() {
  IdentityFile::save(identity_.get(), core_.identity());
  identity_checksum_ = IdentityFile::checksum(identity_.get());
}

std::optional<std::uint32_t> SimulatedHost::take_asid(bool es) {
  std::optional<std::uint32_t> asid;
  {
    const std::lock_guard lock(mutex_);
    asid = es ? locks_.take(1, settings_.es_asids) : locks_.take(settings_.es_asids + 1, last_asid());
  }
  if (asid) {
    submit(MailboxCommand::kDfFlush);
  }
  return asid;
}

void SimulatedHost::give_back_asid(std::uint32_t asid) {
  const std::lock_guard lock(mutex_);
  locks_.give_back(asid);
}

bool SimulatedHost::writable() const { return IdentityFile::writable(identity_.get()); }

Outcome outcome_of(FirmwareStatus status) {
  if (status == FirmwareStatus::kSuccess) {
    return {};
  }
  return {EIO, static_cast<std::uint32_t>(status)};
}

Outcome refusal(int error_number) { return {error_number, kNoFirmwareCall}; }

}  // namespace virtsev::sevcore
