// SPDX-License-Identifier: LGPL-2.1-or-later
// A PCI function: its configuration space, and its registers in memory where the guest puts them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "driver/vmm/bus/bus.hpp"
#include "driver/vmm/pci/configuration_space.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

/// What of a capability is more than bytes. PciBus calls with its lock held.
class PciCapability {
 public:
  virtual ~PciCapability() = default;
  /// The guest is about to read, or has written, the bytes from `offset` of the space on.
  virtual void before_read(ConfigurationSpace& /*space*/, std::size_t /*offset*/, std::size_t /*size*/) {}
  virtual void after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) = 0;
};

class PciFunction;
struct PciRegister;

/// What a function is that has a bus behind it. PciBus calls with its lock held.
class PciBridge {
 public:
  virtual ~PciBridge() = default;
  /// The function that has this register, behind the bridge; null: none.
  virtual PciFunction* function_at(const PciRegister& where) = 0;
};

/// Registers of a function in memory (a base address register, 6.2.5).
struct PciBar {
  std::size_t index = 0;
  std::uint32_t size = 0;  ///< A power of 2, from 16 on
  BusDevice* registers = nullptr;
  /// Where they are now, or that they are nowhere. Called with PciBus's lock held; may be empty.
  std::function<void(std::optional<GuestAddress>)> on_placed;
};

/// Not locked: PciBus calls with its lock held, once the function is attached there.
class PciFunction {
 public:
  /// `name`: for people, of no other function. `memory`: the bus that its registers are on. `window`: where
  /// its BARs lie, one after another, until the guest puts them elsewhere: a direct boot has no firmware that
  /// would place them.
  PciFunction(std::string name, const PciIdentity& identity, Bus& memory, GuestAddress window);
  PciFunction(const PciFunction&) = delete;
  PciFunction& operator=(const PciFunction&) = delete;

  // While it is made.

  void add_bar(PciBar bar);
  /// `behaviour`: null where there is nothing but bytes; borrowed. Else as ConfigurationSpace's.
  std::uint8_t add_capability(std::uint8_t id, ByteView body, ByteView writable, PciCapability* behaviour);

  /// `bridge`: borrowed.
  void make_bridge(PciBridge& bridge) {
    bridge_ = &bridge;
    space_.make_bridge();
  }

  [[nodiscard]] PciBridge* bridge() const { return bridge_; }
  [[nodiscard]] ConfigurationSpace& space() { return space_; }
  [[nodiscard]] const ConfigurationSpace& space() const { return space_; }

  /// Registers of the function's own, from `offset` on: their values at reset, and the bits that a guest can
  /// write. `behaviour`: as add_capability()'s.
  void add_registers(std::size_t offset, ByteView values, ByteView writable, PciCapability* behaviour);

  // What the guest does.

  void read(std::size_t offset, MutableBytes data);
  void write(std::size_t offset, ByteView data);

 private:
  struct Placed {
    PciBar bar;
    std::optional<std::uint64_t> at;  // Where its registers answer
    Bus::Attachment attachment;
  };

  [[nodiscard]] std::optional<std::uint64_t> wanted(const PciBar& bar) const;
  void place_bars();
  void place(Placed& placed);

  std::string name_;
  ConfigurationSpace space_;
  Bus& memory_;
  std::uint64_t next_bar_;
  std::vector<PciCapability*> capabilities_;
  std::vector<Placed> bars_;
  PciBridge* bridge_ = nullptr;
};

}  // namespace virtsev::vmm
