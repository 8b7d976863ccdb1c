// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch of a confidential guest, step by step.
#include "driver/vmm/launch/launch.hpp"

#include <algorithm>
#include <utility>

#include "driver/vmm/launch/load.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/kernel/pinned_memory.hpp"

namespace virtsev::vmm {
namespace {

using sevcore::GuestCommand;

void check(GuestCommand command, const sevcore::Outcome& outcome) {
  if (!outcome.ok()) {
    throw sevcore::sev_error(command, outcome);
  }
}

std::uint64_t address_of(const void* data) { return reinterpret_cast<std::uintptr_t>(data); }

/// What one DBG_DECRYPT or DBG_ENCRYPT does of a range: whole units of the cipher, and within one page on
/// both sides. So the firmware goes straight to where it is asked to, and Linux has nothing to patch up (its
/// versions differ in how well they do that).
struct DebugPiece {
  static constexpr std::uint64_t kUnit = 16;

  DebugPiece(GuestAddress address, std::uint64_t left)
      : before(address.value() % kUnit),
        size(std::min(left, kPageSize - address.value() % kPageSize)),
        whole(round_up(before + size, kUnit)),
        units(address.value() - before) {}
  [[nodiscard]] std::uint8_t* units_in(const MachineMemory& memory) const {
    return memory.private_memory().host_address(units, whole);
  }

  std::uint64_t before;  ///< Bytes of the first unit before the range
  std::uint64_t size;    ///< Bytes of the range
  std::uint64_t whole;   ///< Bytes of all units
  GuestAddress units;    ///< Where the first one begins
};

/// The host's side of it.
struct DebugPage {
  alignas(kPageSize) ByteArray<kPageSize> bytes{};
};

}  // namespace

void Launch::initialise(const sevcore::AsidPool& pool, sevcore::VmsaFlavour flavour) {
  GuestCommand command = pool.encrypted_state ? GuestCommand::kEsInit : GuestCommand::kInit;
  sevcore::Init2Arguments init2;
  void* arguments = nullptr;
  if (flavour == sevcore::VmsaFlavour::kInit2) {
    command = GuestCommand::kInit2;
    arguments = &init2;
  }
  if (const sevcore::Outcome outcome = vm_.operate(command, arguments); !outcome.ok()) {
    throw sevcore::initialization_error(command, outcome, pool);
  }
}

void Launch::report_progress(const sevcore::LaunchPlan& plan, OnProgress on_progress) {
  on_progress_ = std::move(on_progress);
  for (const GuestMemory::Range& range : memory_.private_memory().ranges()) {
    total_ += range.size;
  }
  total_ += sevcore::measured_bytes(plan);
}

void Launch::advance(std::uint64_t bytes) {
  done_ += bytes;
  if (on_progress_) {
    on_progress_(done_, total_);
  }
}

void Launch::register_memory() {
  for (const GuestMemory::Range& range : memory_.private_memory().ranges()) {
    for (std::uint64_t done = 0; done < range.size; done += kRegisteredPiece) {
      const std::uint64_t size = std::min(kRegisteredPiece, range.size - done);
      const sevcore::Outcome outcome = vm_.register_memory(range.host + done, size);
      if (!outcome.ok()) {
        throw sevcore::registration_error(outcome);
      }
      advance(size);
    }
  }
}

void Launch::start(sevcore::Policy policy, const sevcore::LaunchOwner& owner) {
  sevcore::LaunchStartArguments arguments;
  arguments.policy = policy.value();
  if (!owner.dh_certificate.empty()) {
    arguments.dh_address = address_of(owner.dh_certificate.data());
    arguments.dh_length = static_cast<std::uint32_t>(owner.dh_certificate.size());
    arguments.session_address = address_of(owner.session.data());
    arguments.session_length = static_cast<std::uint32_t>(owner.session.size());
  }
  check(GuestCommand::kLaunchStart, vm_.operate(GuestCommand::kLaunchStart, &arguments));
}

void Launch::load_and_measure(const sevcore::LaunchPlan& plan) {
  bool has_vmsas = false;
  for (const sevcore::PlanStep& step : sevcore::steps_of(plan)) {
    load(step, memory_);
    has_vmsas = has_vmsas || step.vcpu != nullptr;
    if (step.measured && step.address) {
      update_data(*step.address, step.size);
    }
  }
  if (has_vmsas) {  // The kernel makes them of its vCPUs, all at once
    check(GuestCommand::kLaunchUpdateVmsa, vm_.operate(GuestCommand::kLaunchUpdateVmsa, nullptr));
  }
}

void Launch::update_data(GuestAddress address, std::uint64_t size) {
  std::uint64_t length = 0;
  for (std::uint64_t done = 0; done < size; done += length) {
    // Up to the next multiple of a piece's size: none touches more pages than a piece has, and, where memory
    // consists of huge pages, each lies within one.
    const GuestAddress from = address + done;
    length = std::min(sevcore::kPinnedPiece - from.value() % sevcore::kPinnedPiece, size - done);
    sevcore::LaunchUpdateDataArguments arguments;
    arguments.address = address_of(memory_.private_memory().host_address(from, length));
    arguments.length = static_cast<std::uint32_t>(length);
    check(GuestCommand::kLaunchUpdateData, vm_.operate(GuestCommand::kLaunchUpdateData, &arguments));
    advance(length);
  }
}

Bytes Launch::measure() {
  Bytes measurement(sevcore::kMeasurementSize);
  sevcore::LaunchMeasureArguments arguments;
  arguments.address = address_of(measurement.data());
  arguments.length = sevcore::kMeasurementSize;
  check(GuestCommand::kLaunchMeasure, vm_.operate(GuestCommand::kLaunchMeasure, &arguments));
  return measurement;
}

void Launch::inject_secret(ByteView header, ByteView secret, GuestAddress address) {
  const std::uint8_t* target = memory_.private_memory().host_address(address, secret.size());
  if (target == nullptr) {
    throw Error(ErrorCode::kInvalidArgument,
                text("the secret ({} bytes) at address {:#x} would lie outside the guest's memory",
                     secret.size(), address.value()));
  }
  sevcore::PacketArguments arguments;
  arguments.header_address = address_of(header.data());
  arguments.header_length = static_cast<std::uint32_t>(header.size());
  arguments.guest_address = address_of(target);
  arguments.guest_length = static_cast<std::uint32_t>(secret.size());
  arguments.transport_address = address_of(secret.data());
  arguments.transport_length = static_cast<std::uint32_t>(secret.size());
  check(GuestCommand::kLaunchSecret, vm_.operate(GuestCommand::kLaunchSecret, &arguments));
}

void Launch::finish() {
  check(GuestCommand::kLaunchFinish, vm_.operate(GuestCommand::kLaunchFinish, nullptr));
}

void Launch::debug(GuestCommand command, const void* from, void* to, std::uint64_t size) {
  sevcore::DebugArguments arguments;
  arguments.source = address_of(from);
  arguments.destination = address_of(to);
  arguments.length = static_cast<std::uint32_t>(size);
  check(command, vm_.operate(command, &arguments));
}

void Launch::read_memory(GuestAddress from, MutableBytes to) {
  DebugPage page;
  while (!to.empty()) {
    const DebugPiece piece(from, to.size());
    debug(GuestCommand::kDebugDecrypt, piece.units_in(memory_), page.bytes.data(), piece.whole);
    std::copy_n(page.bytes.data() + piece.before, piece.size, to.begin());
    from = from + piece.size;
    to = to.subspan(piece.size);
  }
}

void Launch::write_memory(GuestAddress to, ByteView bytes) {
  DebugPage page;
  while (!bytes.empty()) {
    const DebugPiece piece(to, bytes.size());
    std::uint8_t* units = piece.units_in(memory_);
    if (piece.whole != piece.size) {  // The units' other bytes stay what they are
      debug(GuestCommand::kDebugDecrypt, units, page.bytes.data(), piece.whole);
    }
    std::copy_n(bytes.begin(), piece.size, page.bytes.data() + piece.before);
    debug(GuestCommand::kDebugEncrypt, page.bytes.data(), units, piece.whole);
    to = to + piece.size;
    bytes = bytes.subspan(piece.size);
  }
}

}  // namespace virtsev::vmm
