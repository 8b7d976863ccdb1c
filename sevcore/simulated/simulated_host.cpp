// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/simulated/simulated_host.hpp"

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "sevcore/simulated/platform_files.hpp"

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

/// The commands that wait for their turn. Those that only read the platform do not: who asks for its state
/// waits for no guest. Neither do those that end a guest, which a process gives when it ends itself.
bool needs_turn(MailboxCommand command) {
  switch (command) {
    case MailboxCommand::kInit:
    case MailboxCommand::kPlatformStatus:
    case MailboxCommand::kPdhCertExport:
    case MailboxCommand::kGetId:
    case MailboxCommand::kGuestStatus:
    case MailboxCommand::kDeactivate:
    case MailboxCommand::kDecommission:
      return false;
    default:
      return true;
  }
}

/// One process of the host makes the identity, virtsevd, where threads may want it at the same time.
PlatformIdentity open_identity(int identity) {
  static std::mutex making;
  const std::lock_guard lock(making);
  return IdentityFile::read_or_make(identity);
}

SimulatedShare with_asids(SimulatedShare share) {
  if (!share.asids) {
    share.asids = std::make_shared<AsidSet>();
  }
  return share;
}

}  // namespace

SimulatedHost::SimulatedHost(UniqueFd identity, SimulatedShare share)
    : identity_(std::move(identity)),
      share_(with_asids(std::move(share))),
      core_(open_identity(identity_.get()),
            AsidRange{share_.settings.last_asid(), share_.settings.es_asids + 1}, memory_) {
  identity_checksum_ = IdentityFile::checksum(identity_.get());
  core_.set_snp_initialized(share_.settings.snp_initialized != 0);
  core_.set_guests_elsewhere([this] { return share_.asids->count_elsewhere(share_.settings.last_asid()); });
  ensure_initialized();  // As the driver's psp_init_on_probe does
}

void SimulatedHost::wait_for_turn(std::optional<QueueTurn>& turn, std::uint64_t size) {
  if (share_.queue) {
    turn.emplace(*share_.queue, size);
  }
}

void SimulatedHost::ensure_initialized() {
  InitBuffer buffer;
  buffer.flags = share_.settings.es_asids > 0 ? kInitEs : 0;
  submit(MailboxCommand::kInit, buffer);  // INVALID_PLATFORM_STATE: it was ready already
}

FirmwareStatus SimulatedHost::submit_bytes(MailboxCommand command, MutableBytes buffer, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  std::optional<QueueTurn> turn;
  if (needs_turn(command)) {
    wait_for_turn(turn, size);
  }
  if (uses_identity(command)) {
    if (!identity_) {
      return FirmwareStatus::kInvalidPlatformState;
    }
    follow_identity_file();
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
  std::optional<QueueTurn> turn;
  wait_for_turn(turn, 0);
  follow_identity_file();
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
  const std::uint64_t delay = (size * share_.settings.firmware_delay_ms_per_mib * kUsPerMs + kMiB - 1) / kMiB;
  if (delay > 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(delay));
  }
}

void SimulatedHost::follow_identity_file() {
  const ByteArray<32> checksum = IdentityFile::checksum(identity_.get());
  if (checksum != identity_checksum_) {
    core_.replace_identity(open_identity(identity_.get()));
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
  const SimulationSettings& settings = share_.settings;
  const auto asid = es ? share_.asids->take(1, settings.es_asids)
                       : share_.asids->take(settings.es_asids + 1, settings.last_asid());
  if (asid) {
    submit(MailboxCommand::kDfFlush);
  }
  return asid;
}

void SimulatedHost::give_back_asid(std::uint32_t asid) { share_.asids->give_back(asid); }

bool SimulatedHost::writable() const { return IdentityFile::writable(identity_.get()); }

Outcome outcome_of(FirmwareStatus status) {
  if (status == FirmwareStatus::kSuccess) {
    return {};
  }
  return {EIO, static_cast<std::uint32_t>(status)};
}

Outcome refusal(int error_number) { return {error_number, kNoFirmwareCall}; }

}  // namespace virtsev::sevcore
