// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/root_port.hpp"

#include <algorithm>
#include <utility>

namespace virtsev::vmm {
namespace {

/// Red Hat's generic root port, as QEMU has it: no guest has a driver for this one alone, all have pcieport.
constexpr PciIdentity kIdentity{0x1b36, 0x000c, 0, 0x060400, 0, 0};
constexpr std::uint8_t kPciExpress = 0x10;  // Capability id
constexpr std::size_t kMessagesBar = 0;

// Offsets in the capability (7.5.3), and what stands there.
constexpr std::size_t kBodyBytes = 0x3a;  // Behind id and link
constexpr std::size_t kFlags = 0x02;
constexpr std::size_t kLinkCapabilities = 0x0c;
constexpr std::size_t kLinkControl = 0x10;
constexpr std::size_t kLinkStatus = 0x12;
constexpr std::size_t kSlotCapabilities = 0x14;
constexpr std::size_t kSlotControl = 0x18;
constexpr std::size_t kSlotStatus = 0x1a;
constexpr std::size_t kRootControl = 0x1c;
constexpr std::uint16_t kVersion2RootPortWithSlot = 2U | 4U << 4 | 1U << 8;
constexpr std::uint32_t kLink = 1U | 1U << 4;  // 2.5 GT/s, one lane
constexpr std::uint32_t kReportsLinkActive = 1U << 20;
constexpr std::uint16_t kLinkActive = 1U << 13;

constexpr std::uint32_t kButton = 1U << 0;
constexpr std::uint32_t kPowerController = 1U << 1;
constexpr std::uint32_t kPowerIndicator = 1U << 4;
constexpr std::uint32_t kHotPlug = 1U << 6;
constexpr std::uint32_t kNoCommandCompleted = 1U << 18;
constexpr unsigned kSlotNumberShift = 19;

// Of the control: which events interrupt (the same bits as in the status), and what the guest switches.
constexpr std::uint16_t kInterrupts = 1U << 5;
constexpr std::uint16_t kIndicatorOn = 1U << 8;
constexpr std::uint16_t kIndicatorBlinks = 2U << 8;
constexpr std::uint16_t kIndicatorOff = 3U << 8;  // All bits of the indicator, too
constexpr std::uint16_t kPowerOff = 1U << 10;
constexpr std::uint16_t kLinkInterrupt = 1U << 12;
constexpr std::uint16_t kWritableControl = 0x1fff;

constexpr std::uint16_t kButtonPressed = 1U << 0;
constexpr std::uint16_t kPresenceChanged = 1U << 3;
constexpr std::uint16_t kPresent = 1U << 6;
constexpr std::uint16_t kLinkChanged = 1U << 8;
constexpr std::uint16_t kEvents = kButtonPressed | kPresenceChanged | kLinkChanged;

/// Power and its indicator: the indicator goes off last, when the guest has let go of the device.
bool is_off(std::uint16_t control) {
  return (control & kPowerOff) != 0 && (control & kIndicatorOff) == kIndicatorOff;
}

/// Of the events, those that the guest wants to be interrupted for.
std::uint16_t interrupting(std::uint16_t events, std::uint16_t control) {
  std::uint16_t wanted = control & (kButtonPressed | kPresenceChanged);
  if ((control & kLinkInterrupt) != 0) {
    wanted |= kLinkChanged;
  }
  return (control & kInterrupts) != 0 ? static_cast<std::uint16_t>(events & wanted) : std::uint16_t{0};
}

}  // namespace

PciRootPort::PciRootPort(const Parts& parts)
    : parts_(parts),
      function_(parts.name, kIdentity, parts.memory, parts.window),
      messages_(parts.interrupts, 1) {
  function_.make_bridge(*this);
  ByteArray<kBodyBytes> body{};
  ByteArray<kBodyBytes> writable{};
  const auto put = [&](std::size_t offset, std::uint32_t value) {
    put_le<std::uint32_t>(body, offset - 2, value);
  };
  put_le<std::uint16_t>(body, kFlags - 2, kVersion2RootPortWithSlot);
  put(kLinkCapabilities, kLink | kReportsLinkActive);
  put(kSlotCapabilities, kButton | kPowerController | kPowerIndicator | kHotPlug | kNoCommandCompleted |
                             std::uint32_t{parts.slot} << kSlotNumberShift);
  put_le<std::uint16_t>(writable, kLinkControl - 2, 0xffff);
  put_le<std::uint16_t>(writable, kSlotControl - 2, kWritableControl);
  put_le<std::uint16_t>(writable, kSlotStatus - 2, kEvents);
  put_le<std::uint16_t>(writable, kRootControl - 2, 0x1f);
  capability_ = function_.add_capability(kPciExpress, body, writable, this);
  messages_.add_to(function_, kMessagesBar);
  set_control(kIndicatorOff | kPowerOff);
  show();
}

void PciRootPort::plug_in(PciFunction& device) {
  parts_.bus.locked([&] {
    device_ = &device;
    ejected_ = false;
    if (touched_) {
      tell(kPresenceChanged | kLinkChanged);
    } else {
      set_control(kIndicatorOn);
      show();
    }
  });
}

PciRootPort::Pressed PciRootPort::press_button() {
  Pressed pressed = Pressed::kNotInUse;
  parts_.bus.locked([&] {
    // Nobody reaches the device before a bus number is written.
    if (device_ == nullptr || !has_power() || !touched_) {
      return;
    }
    const bool at_it = (control_ & kIndicatorOff) == kIndicatorBlinks || (events_ & kButtonPressed) != 0;
    pressed = at_it ? Pressed::kAtIt : Pressed::kAsked;
    if (!at_it) {
      tell(kButtonPressed);
    }
  });
  return pressed;
}

void PciRootPort::pull_out() {
  parts_.bus.locked([&] {
    ejected_ = false;
    if (std::exchange(device_, nullptr) != nullptr) {
      tell(kPresenceChanged | kLinkChanged);
    }
    if (!touched_) {
      set_control(kIndicatorOff | kPowerOff);
    }
  });
}

bool PciRootPort::is_empty() const {
  bool empty = false;
  parts_.bus.locked([&] { empty = device_ == nullptr; });
  return empty;
}

bool PciRootPort::is_ejected() const {
  bool ejected = false;
  parts_.bus.locked([&] { ejected = ejected_; });
  return ejected;
}

bool PciRootPort::has_power() const { return (control_ & kPowerOff) == 0; }

void PciRootPort::set_control(std::uint16_t control) {
  control_ = control;
  put_le<std::uint16_t>(function_.space().bytes(), at(kSlotControl), control_);
}

PciFunction* PciRootPort::function_at(const PciRegister& where) {
  const std::uint8_t secondary = std::as_const(function_).space().bytes()[pci_register::kSecondaryBus];
  const bool here = where.bus != 0 && where.bus == secondary && where.device == 0 && where.function == 0;
  return here && has_power() ? device_ : nullptr;
}

void PciRootPort::after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) {
  touched_ = true;
  const std::uint16_t before = control_;
  control_ = get_le<std::uint16_t>(space.bytes(), at(kSlotControl));
  // What is written as 1 is cleared (7.5.3.11), of the bytes that were written.
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t place = at(kSlotStatus) + i;
    if (place >= offset && place < offset + size) {
      const auto cleared = static_cast<std::uint16_t>((space.bytes()[place] << (8 * i)) & kEvents);
      events_ = static_cast<std::uint16_t>(events_ & ~cleared);
    }
  }
  show();
  if (device_ != nullptr && is_off(control_) && !is_off(before) && !std::exchange(ejected_, true)) {
    parts_.ejected();
  }
}

void PciRootPort::tell(std::uint16_t events) {
  events_ |= events;
  show();
  if (interrupting(events, control_) != 0) {
    messages_.send(0);
  }
}

/// Status of slot and link, as they are.
void PciRootPort::show() {
  const bool present = device_ != nullptr;
  const MutableBytes bytes = function_.space().bytes();
  put_le<std::uint16_t>(bytes, at(kSlotStatus),
                        static_cast<std::uint16_t>(events_ | (present ? kPresent : 0)));
  put_le<std::uint16_t>(bytes, at(kLinkStatus),
                        static_cast<std::uint16_t>(kLink | (present ? kLinkActive : 0)));
}

}  // namespace virtsev::vmm
