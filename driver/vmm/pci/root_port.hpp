// SPDX-License-Identifier: LGPL-2.1-or-later
// A root port with a slot, into which one device is plugged while the guest runs, and out of which it goes
// (PCI Express Base 4.0, 6.7 and 7.5.3).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "driver/vmm/pci/msix.hpp"
#include "driver/vmm/pci/pci_bus.hpp"

namespace virtsev::vmm {

/// What a guest's driver does (Linux, drivers/pci/hotplug/pciehp_*.c, 3.15 and later):
///
///     plug_in()   presence, link, DLLSC  -->  power on (PCC 0), looks for the device, power indicator on
///     press_button()             ABP     -->  indicator blinks; some seconds later the driver lets go of it,
///                                             power off (PCC 1), and a second later the indicator
///                                             --> `ejected`
///
/// The link's change is told, and not the button, when a device comes: the guest waits five seconds for a
/// second press of a button, and for a link it waits not at all. Commands have no completion (NCCS), so the
/// guest waits for none. A device that comes before the guest has written anything to the port is there from
/// the start, with power. A device without power is not seen: so nothing of it is in use.
///
/// Threads: the registers are under PciBus's lock; what the host does takes it.
class PciRootPort final : public PciCapability, public PciBridge {
 public:
  struct Parts {
    std::string name;  ///< For people
    PciBus& bus;
    Bus& memory;
    Interrupts& interrupts;
    GuestAddress window;     ///< Of its own registers
    std::uint16_t slot = 0;  ///< The number that a guest shows for the slot (13 bits), unique
    /// The guest has switched the slot off, with a device in it: nothing of that is used any more, and the
    /// host takes it out (pull_out()), on another thread. Called with PciBus's lock held.
    std::function<void()> ejected;
  };
  /// Throws Error where there are no interrupts left.
  explicit PciRootPort(const Parts& parts);
  PciRootPort(const PciRootPort&) = delete;
  PciRootPort& operator=(const PciRootPort&) = delete;

  /// To attach to the root bus.
  PciFunction& function() { return function_; }
  [[nodiscard]] const PciFunction& function() const { return function_; }

  // The host's side. One thread.

  /// The slot is empty before. The function outlives its stay.
  void plug_in(PciFunction& device);
  enum class Pressed {
    kAsked,    ///< The guest may let go of the device now, or never
    kAtIt,     ///< It was asked before, and is at it: a second press would call that off
    kNotInUse  ///< The slot is empty, without power, or was never looked at: the device can go at once
  };
  Pressed press_button();
  /// At once, whether or not the guest has let go: it sees the link go down.
  void pull_out();
  [[nodiscard]] bool is_empty() const;
  /// `ejected` was called for the device that is still there.
  [[nodiscard]] bool is_ejected() const;

 private:
  [[nodiscard]] PciFunction* function_at(const PciRegister& where) override;
  void after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) override;

  void tell(std::uint16_t events);
  void show();
  void set_control(std::uint16_t control);
  [[nodiscard]] bool has_power() const;
  [[nodiscard]] std::size_t at(std::size_t offset) const { return capability_ + offset; }

  const Parts parts_;
  PciFunction function_;
  Msix messages_;
  std::size_t capability_ = 0;
  PciFunction* device_ = nullptr;
  std::uint16_t events_ = 0;   // Of the slot's status
  std::uint16_t control_ = 0;  // As the guest has it
  bool touched_ = false;       // The guest has written to the port
  bool ejected_ = false;
};

}  // namespace virtsev::vmm
