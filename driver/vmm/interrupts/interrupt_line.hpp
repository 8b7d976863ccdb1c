// SPDX-License-Identifier: LGPL-2.1-or-later
// A device's wire to the interrupt controller.
#pragma once

#include <cstdint>

namespace virtsev::vmm {

class Interrupts;

/// One device's, by Interrupts::line(); low at first, and when it goes. Not locked: the device calls with its
/// own lock held. A line that the guest has as edge-triggered interrupts it at each rise, another one for as
/// long as it is high.
class [[nodiscard]] InterruptLine {
 public:
  InterruptLine() = default;
  ~InterruptLine();
  InterruptLine(InterruptLine&& other) noexcept;
  InterruptLine& operator=(InterruptLine&& other) noexcept;
  InterruptLine(const InterruptLine&) = delete;
  InterruptLine& operator=(const InterruptLine&) = delete;

  void raise() { set(true); }
  void lower() { set(false); }
  /// An edge, whatever the level is now; low after it.
  void pulse() {
    lower();
    raise();
    lower();
  }
  void set(bool level);

 private:
  friend class Interrupts;
  InterruptLine(Interrupts& interrupts, std::uint32_t gsi) : interrupts_(&interrupts), gsi_(gsi) {}

  Interrupts* interrupts_ = nullptr;
  std::uint32_t gsi_ = 0;
  bool level_ = false;
};

}  // namespace virtsev::vmm
