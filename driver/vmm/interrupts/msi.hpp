// SPDX-License-Identifier: LGPL-2.1-or-later
// A message signalled interrupt that a device sends.
#pragma once

#include "driver/vmm/interrupts/interrupt_controller.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

class Interrupts;

/// By Interrupts::msi(). Any thread may send; the others are for one at a time.
class [[nodiscard]] Msi {
 public:
  Msi() = default;
  ~Msi();
  Msi(Msi&& other) noexcept;
  Msi& operator=(Msi&& other) noexcept;
  Msi(const Msi&) = delete;
  Msi& operator=(const Msi&) = delete;

  /// What the guest has written into the table. False, and the message before stays, where it is refused.
  [[nodiscard]] bool set_message(const MsiMessage& message);
  /// The guest gets nothing from now on.
  void clear_message();
  /// Nothing comes of it before there is a message.
  void send() const;
  /// An eventfd: a write to it is send(), for whoever is to do that without this process.
  [[nodiscard]] int descriptor() const { return event_.get(); }

 private:
  friend class Interrupts;
  Msi(Interrupts& interrupts, std::uint32_t gsi, UniqueFd event)
      : interrupts_(&interrupts), gsi_(gsi), event_(std::move(event)) {}

  Interrupts* interrupts_ = nullptr;
  std::uint32_t gsi_ = 0;
  UniqueFd event_;
};

}  // namespace virtsev::vmm
