// SPDX-License-Identifier: LGPL-2.1-or-later
// A register whose writes become events, without the guest leaving KVM for them (ioeventfd).
#pragma once

#include <cstdint>
#include <optional>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// Where writes ring.
struct DoorbellPlace {
  enum class Space : std::uint8_t { kMemory, kPorts };
  Space space = Space::kMemory;
  std::uint64_t address = 0;
  std::uint32_t size = 0;              ///< Bytes that a write has: 1, 2, 4 or 8; 0: any, in memory
  std::optional<std::uint64_t> value;  ///< None: whatever is written
};

/// KVM (kvm_interrupts.hpp), or a test's fake. Any thread.
class DoorbellController {
 public:
  virtual ~DoorbellController() = default;
  /// False where the place is refused: another one may be there. A guest places it.
  [[nodiscard]] virtual bool add(const DoorbellPlace& place, int event) = 0;
  /// `place` and `event` as they were added.
  virtual void remove(const DoorbellPlace& place, int event) = 0;
};

/// One device's; one thread at a time. The device's range on the bus holds the place too: what KVM does not
/// take for the doorbell (a write of another size, a read) goes there.
class [[nodiscard]] Doorbell {
 public:
  /// Rings nowhere before place_at(). `controller` outlives this. Throws std::system_error.
  explicit Doorbell(DoorbellController& controller);
  ~Doorbell() { remove(); }
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  /// False, and it rings nowhere, where the place is refused.
  [[nodiscard]] bool place_at(const DoorbellPlace& place);
  void remove();
  /// An eventfd, readable once the guest has written there.
  [[nodiscard]] int descriptor() const { return event_.get(); }

 private:
  DoorbellController& controller_;
  UniqueFd event_;
  std::optional<DoorbellPlace> place_;
};

}  // namespace virtsev::vmm
