// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies where in a guest's physical addresses: RAM, ROM, and windows that devices answer in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sevcore/base/guest_address.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// Not locked: for whoever makes the machine, or has a lock of its own.
class MemoryMap {
 public:
  enum class Kind : std::uint8_t {
    kRam,
    kRom,     ///< The guest reads it; a write comes to us, as one to a device does (KVM_MEM_READONLY)
    kWindow,  ///< Nothing behind it: devices' (bus/bus.hpp)
  };
  struct Range {
    std::string name;  ///< For people, and to find it
    Kind kind = Kind::kRam;
    GuestAddress start;
    std::uint64_t size = 0;  ///< Whole pages
    void* host = nullptr;    ///< The memory behind it, borrowed
  };
  enum class Refusal {
    kMalformed,  ///< Empty, not whole pages, or beyond all addresses
    kOverlap,
    kNameTaken,
  };
  /// Puts a range's memory behind KVM's slot with this number; of size 0: nothing. Throws Error.
  using SetSlot = std::function<void(std::uint32_t slot, const Range& range)>;

  explicit MemoryMap(SetSlot set_slot) : set_slot_(std::move(set_slot)) {}

  Result<void, Refusal> add(const Range& range);
  /// Of the machine itself. Throws Error(kInternal), which names it, where it is refused.
  void add_or_throw(const Range& range);
  /// Puts other memory of the same size behind a range. KVM has nothing there for a moment in between: no
  /// vCPU uses it then. False: there is no such RAM or ROM.
  bool exchange(std::string_view name, void* host);
  /// False: there is none.
  bool remove(std::string_view name);

  /// Null: there is none.
  [[nodiscard]] const Range* find(std::string_view name) const;
  [[nodiscard]] const Range* at(GuestAddress address) const;
  /// All of one kind, in no order.
  [[nodiscard]] std::vector<Range> all(Kind kind) const;

 private:
  struct Placed {
    Range range;
    std::optional<std::uint32_t> slot;  // None: a window
  };
  [[nodiscard]] std::uint32_t free_slot() const;
  void clear(const Placed& placed);

  SetSlot set_slot_;
  std::vector<Placed> placed_;
};

}  // namespace virtsev::vmm
