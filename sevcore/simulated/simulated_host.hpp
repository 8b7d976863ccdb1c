// SPDX-License-Identifier: LGPL-2.1-or-later
// What the simulated device and the simulated virtual machines of one process share: firmware, identity,
// ASIDs.
#pragma once

#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

#include "sevcore/base/unique_fd.hpp"
#include "sevcore/firmware/firmware_core.hpp"
#include "sevcore/firmware/firmware_memory.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"
#include "sevcore/simulated/simulated_share.hpp"

namespace virtsev::sevcore {

/// Safe for several threads.
class SimulatedHost {
 public:
  SimulatedHost(UniqueFd identity, SimulatedShare share);

  /// Runs one firmware command in its turn on the host; `buffer` is the command's structure.
  template <typename Buffer>
  FirmwareStatus submit(MailboxCommand command, Buffer& buffer) {
    return submit_over(command, buffer, 0);
  }
  FirmwareStatus submit(MailboxCommand command) { return submit_bytes(command, {}, 0); }
  /// For a command that goes over `size` bytes of guest memory: takes as long as the settings say, where it
  /// succeeds.
  template <typename Buffer>
  FirmwareStatus submit_over(MailboxCommand command, Buffer& buffer, std::uint64_t size) {
    static_assert(std::is_trivially_copyable_v<Buffer>);
    return submit_bytes(command, {reinterpret_cast<std::uint8_t*>(&buffer), sizeof(buffer)}, size);
  }

  /// Makes the platform ready again after a factory reset, as the driver does before the commands that need
  /// it.
  void ensure_initialized();

  /// Whether it is ready: not so between a factory reset and the next command that needs it.
  [[nodiscard]] bool initialized();
  /// FACTORY_RESET as the driver does it: SHUTDOWN, then PLATFORM_RESET, in one turn, so that no guest can
  /// start in between. EBUSY where any process has a guest.
  Outcome factory_reset();

  /// Takes an ASID of the pool; flushes where it was used before. Nothing where the pool is exhausted.
  std::optional<std::uint32_t> take_asid(bool es);
  void give_back_asid(std::uint32_t asid);

  /// What an open of /dev/sev for writing decides on hardware.
  [[nodiscard]] bool writable() const;

  [[nodiscard]] const SimulationSettings& settings() const { return share_.settings; }

  /// SimulatedPlatform::forget_identity().
  void forget_identity();

 private:
  FirmwareStatus submit_bytes(MailboxCommand command, MutableBytes buffer, std::uint64_t size);
  FirmwareStatus run(MailboxCommand command, MutableBytes buffer);
  void spend_time(std::uint64_t size) const;
  void follow_identity_file();
  /// In the host's queue, where there is one; until the optional goes.
  void wait_for_turn(std::optional<QueueTurn>& turn, std::uint64_t size);
  void save_identity();

  UniqueFd identity_;
  SimulatedShare share_;
  PlainFirmwareMemory memory_;
  std::mutex mutex_;
  ByteArray<32> identity_checksum_{};
  FirmwareCore core_;
};

/// The kernel's answer to a firmware status: EIO, unless it succeeded.
Outcome outcome_of(FirmwareStatus status);
/// The kernel refuses by itself.
Outcome refusal(int error_number);

/// Copies a command's structure in; the pointer is the caller's own, and only null is refused (EFAULT).
template <typename Arguments>
bool copy_in(const void* data, Arguments& out) {
  if (data == nullptr) {
    return false;
  }
  std::memcpy(&out, data, sizeof(out));
  return true;
}

template <typename Arguments>
void copy_out(void* data, const Arguments& in) {
  std::memcpy(data, &in, sizeof(in));
}

std::unique_ptr<SevDevice> make_simulated_device(SimulatedHost& host, DeviceAccess access);
std::unique_ptr<SevVm> make_simulated_vm(SimulatedHost& host, KvmVmType type, VcpuStates states);

}  // namespace virtsev::sevcore
