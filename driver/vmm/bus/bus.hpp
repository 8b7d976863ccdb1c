// SPDX-License-Identifier: LGPL-2.1-or-later
// Which device answers at which address: of I/O ports, or of memory (MMIO).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "driver/vmm/bus/bus_device.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// Addresses of a bus; for ports, their numbers.
struct BusRange {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

/// Why a device can't have a range. A guest may be at fault: it places the windows of PCI functions.
enum class BusRefusal {
  kOutside,    ///< Empty, or not within one of the bus's windows
  kOverlap,    ///< Another device is there
  kNameTaken,  ///< Another range has this name
};

/// Devices come and go while vCPUs run: a thread may attach, move and detach whatever others do.
///
/// A bus borrows its devices. That one is destroyed only when nobody is in it any more is Attachment's part,
/// and not that of shared ownership: the last owner might be a vCPU's thread, whose sandbox lets it close
/// nothing.
class Bus {
  struct Place;

 public:
  /// A device's range on the bus. Its destructor takes the device off the bus, and returns when the accesses
  /// that had begun have ended. So a device has it as its last member, which goes first; and it is neither
  /// destroyed in the middle of an access nor with a lock held that the device takes.
  class [[nodiscard]] Attachment {
   public:
    Attachment();
    ~Attachment();
    Attachment(Attachment&& other) noexcept;
    Attachment& operator=(Attachment&& other) noexcept;
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    /// Puts the range elsewhere, whole. Any thread, in the middle of an access of this device, too: that one
    /// goes on. Where it is refused nothing has changed.
    Result<void, BusRefusal> move_to(std::uint64_t start);
    [[nodiscard]] BusRange range() const;

   private:
    friend class Bus;
    Attachment(Bus& bus, std::unique_ptr<Place> place);

    Bus* bus_ = nullptr;
    std::unique_ptr<Place> place_;
  };

  /// `windows`: where devices may be, without overlaps.
  explicit Bus(std::vector<BusRange> windows);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// `name`: for people, of this one range. The bus outlives the attachment, and the device does.
  Result<Attachment, BusRefusal> attach(std::string name, BusRange range, BusDevice& device);

  /// Any thread. An address that no device has, or an access that crosses the end of a device's range, reads
  /// as ones and ignores writes, as a PC's bus does.
  void read(std::uint64_t address, MutableBytes data);
  void write(std::uint64_t address, ByteView data);

  /// The names of all ranges, in the order of addresses.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  /// Where nobody is any more once its attachment has been destroyed.
  struct Place {
    std::string name;
    BusRange range;
    BusDevice* device = nullptr;
    std::uint32_t accesses = 0;  ///< That have begun and not ended
  };
  using Places = std::vector<Place*>;

  [[nodiscard]] bool is_within_a_window(BusRange range) const;
  [[nodiscard]] bool is_free(BusRange range, const Place* but) const;
  void insert(Place* place);
  /// Counted at the place for as long as it lives.
  class Access;
  Result<void, BusRefusal> move(Place* place, std::uint64_t start);
  void detach(Place* place);

  const std::vector<BusRange> windows_;
  mutable std::mutex mutex_;  // Of all below, and of what Place holds; never held while a device is called
  std::condition_variable access_ended_;
  Places places_;  // By address
};

/// What the machine itself attaches. Throws Error(kInternal), which names the device, where it is refused.
Bus::Attachment attach_or_throw(Bus& bus, const std::string& name, BusRange range, BusDevice& device);

}  // namespace virtsev::vmm
