// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch of a confidential guest, step by step.
#include "driver/vmm/launch/launch.hpp"

#include <algorithm>

#include "driver/vmm/launch/load.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

using sevcore::GuestCommand;

void check(GuestCommand command, const sevcore::Outcome& outcome) {
  if (!outcome.ok()) {
    throw sevcore::sev_error(command, outcome);
  }
}

std::uint64_t address_of(const void* data) { return reinterpret_cast<std::uintptr_t>(data); }

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

void Launch::register_memory() {
  for (const GuestMemory::Range& range : memory_.private_memory().ranges()) {
    const sevcore::Outcome outcome = vm_.register_memory(range.host, range.size);
    if (!outcome.ok()) {
      throw sevcore::registration_error(outcome);
    }
  }
}

void Launch::start(std::uint32_t policy, ByteView dh_certificate, ByteView session) {
  sevcore::LaunchStartArguments arguments;
  arguments.policy = policy;
  if (!dh_certificate.empty()) {
    arguments.dh_address = address_of(dh_certificate.data());
    arguments.dh_length = static_cast<std::uint32_t>(dh_certificate.size());
    arguments.session_address = address_of(session.data());
    arguments.session_length = static_cast<std::uint32_t>(session.size());
  }
  check(GuestCommand::kLaunchStart, vm_.operate(GuestCommand::kLaunchStart, &arguments));
}

void Launch::load_and_measure(const sevcore::LaunchPlan& plan) {
  for (const sevcore::Region& region : plan.regions) {
    load(region, memory_);
    if (is_measured(region)) {
      update_data(region.address, region.size);
    }
  }
  if (plan.encrypted_state) {
    check(GuestCommand::kLaunchUpdateVmsa, vm_.operate(GuestCommand::kLaunchUpdateVmsa, nullptr));
  }
}

void Launch::update_data(GuestAddress address, std::uint64_t size) {
  // The structure's length has 32 bits; how a region is split does not show in the digest.
  constexpr std::uint64_t kMostAtOnce = 1ULL << 30;
  for (std::uint64_t done = 0; done < size; done += kMostAtOnce) {
    const std::uint64_t length = std::min(kMostAtOnce, size - done);
    sevcore::LaunchUpdateDataArguments arguments;
    arguments.address = address_of(memory_.private_memory().host_address(address + done, length));
    arguments.length = static_cast<std::uint32_t>(length);
    check(GuestCommand::kLaunchUpdateData, vm_.operate(GuestCommand::kLaunchUpdateData, &arguments));
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
                text("The secret ({} bytes) at address {:#x} would lie outside the guest's memory",
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

void Launch::read_memory(GuestAddress from, MutableBytes to) {
  // In whole units of the cipher, and within one page on both sides: so the firmware writes straight to where
  // it is asked to, and Linux has nothing to patch up (its versions differ in how well they do that).
  constexpr std::uint64_t kUnit = 16;
  struct {
    alignas(kPageSize) ByteArray<kPageSize> bytes{};
  } page;
  while (!to.empty()) {
    const std::uint64_t before = from.value() % kUnit;
    const std::uint64_t size = std::min<std::uint64_t>(to.size(), kPageSize - from.value() % kPageSize);
    const std::uint64_t whole = round_up(before + size, kUnit);
    sevcore::DebugArguments arguments;
    arguments.source =
        address_of(memory_.private_memory().host_address(GuestAddress(from.value() - before), whole));
    arguments.destination = address_of(page.bytes.data());
    arguments.length = static_cast<std::uint32_t>(whole);
    check(GuestCommand::kDebugDecrypt, vm_.operate(GuestCommand::kDebugDecrypt, &arguments));
    std::copy_n(page.bytes.begin() + static_cast<std::ptrdiff_t>(before), size, to.begin());
    from = from + size;
    to = to.subspan(size);
  }
}

}  // namespace virtsev::vmm
