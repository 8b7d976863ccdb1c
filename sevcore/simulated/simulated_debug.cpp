// SPDX-License-Identifier: LGPL-2.1-or-later
// DBG_DECRYPT and DBG_ENCRYPT of a simulated virtual machine. The firmware wants multiples of 16; callers may
// ask for any range, and Linux reaches it through pages of its own. Two faults of Linux 6.1 are left out: it
// may run over the end of the destination's page, and it writes back 16 bytes too few where a range crosses
// one unit more than its length fills.
#include <algorithm>
#include <cerrno>

#include "sevcore/simulated/simulated_vm.hpp"
#include "sevcore/simulated/user_ranges.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint64_t kUnit = 16;

/// A page of the kernel's own.
struct BouncePage {
  alignas(kPageSize) ByteArray<kPageSize> bytes{};
  [[nodiscard]] std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(bytes.data()); }
};

/// How far the range can go without leaving a page on either side.
std::uint32_t piece_of(const DebugArguments& range) {
  const auto left = [](std::uint64_t address) {
    return static_cast<std::uint32_t>(kPageSize - address % kPageSize);
  };
  return std::min({range.length, left(range.source), left(range.destination)});
}

}  // namespace

FirmwareStatus SimulatedVm::submit_debug(MailboxCommand command, std::uint64_t source,
                                         std::uint64_t destination, std::uint64_t length) {
  DebugBuffer buffer;
  buffer.handle = handle_;
  buffer.source = source;
  buffer.destination = destination;
  buffer.length = static_cast<std::uint32_t>(length);
  return host_.submit(command, buffer);
}

FirmwareStatus SimulatedVm::decrypt_piece(std::uint64_t source, std::uint64_t destination,
                                          std::uint32_t length) {
  const std::uint64_t offset = source % kUnit;
  BouncePage page;
  const FirmwareStatus status = submit_debug(MailboxCommand::kDebugDecrypt, source - offset, page.address(),
                                             round_up(length + offset, kUnit));
  if (status == FirmwareStatus::kSuccess) {
    std::copy_n(page.bytes.data() + offset, length, reinterpret_cast<std::uint8_t*>(destination));
  }
  return status;
}

FirmwareStatus SimulatedVm::encrypt_piece(std::uint64_t source, std::uint64_t destination,
                                          std::uint32_t length) {
  const std::uint64_t offset = destination % kUnit;
  const std::uint64_t whole = round_up(length + offset, kUnit);
  BouncePage page;
  if (whole != length) {  // The units' other bytes stay what they are
    if (const FirmwareStatus status =
            submit_debug(MailboxCommand::kDebugDecrypt, destination - offset, page.address(), whole);
        status != FirmwareStatus::kSuccess) {
      return status;
    }
  }
  std::copy_n(reinterpret_cast<const std::uint8_t*>(source), length, page.bytes.data() + offset);
  return submit_debug(MailboxCommand::kDebugEncrypt, page.address(), destination - offset, whole);
}

Outcome SimulatedVm::debug(MailboxCommand command, void* data) {
  DebugArguments range;
  if (!copy_in(data, range)) {
    return refusal(EFAULT);
  }
  if (range.length == 0 || wraps(range.source, range.length) || range.destination == 0) {
    return refusal(EINVAL);
  }
  if (range.source == 0 || wraps(range.destination, range.length)) {
    return refusal(ENOMEM);  // What pinning pages that are not there gives
  }
  while (range.length > 0) {
    const std::uint32_t now = piece_of(range);
    const FirmwareStatus status = command == MailboxCommand::kDebugDecrypt
                                      ? decrypt_piece(range.source, range.destination, now)
                                      : encrypt_piece(range.source, range.destination, now);
    if (status != FirmwareStatus::kSuccess) {
      return outcome_of(status);
    }
    range.source += now;
    range.destination += now;
    range.length -= now;
  }
  return {};
}

}  // namespace virtsev::sevcore
