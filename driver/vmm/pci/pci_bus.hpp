// SPDX-License-Identifier: LGPL-2.1-or-later
// The root bus: which function has which device number. They come and go while the guest runs.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include "driver/vmm/pci/pci_function.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// Which register is meant. A guest may say anything that fits the widths of the fields.
struct PciRegister {
  std::uint8_t bus = 0;
  std::uint8_t device = 0;    ///< 0 to 31
  std::uint8_t function = 0;  ///< 0 to 7
  std::size_t offset = 0;     ///< 0 to 4095
};

enum class PciRefusal {
  kNoSuchDevice,  ///< Not 0 to 31
  kTaken,
};

/// Any thread. Its lock is held while a function is called, so none needs its own for its configuration
/// space.
class PciBus {
 public:
  static constexpr std::size_t kDevices = 32;

  /// A function's place. Its destructor takes the function off, and returns when the accesses of its
  /// configuration space that had begun have ended: so a device has it as its last member.
  class [[nodiscard]] Attachment {
   public:
    Attachment() = default;
    ~Attachment();
    Attachment(Attachment&& other) noexcept;
    Attachment& operator=(Attachment&& other) noexcept;
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

   private:
    friend class PciBus;
    Attachment(PciBus& bus, std::uint8_t device) : bus_(&bus), device_(device) {}

    PciBus* bus_ = nullptr;
    std::uint8_t device_ = 0;
  };

  PciBus() = default;
  PciBus(const PciBus&) = delete;
  PciBus& operator=(const PciBus&) = delete;

  /// Function 0 of a device; the only one that a device has. The bus outlives the attachment, and the
  /// function does.
  Result<Attachment, PciRefusal> attach(std::uint8_t device, PciFunction& function);

  /// Does it with the lock held that is held while a function is called.
  template <typename Action>
  void locked(const Action& action) {
    const std::lock_guard lock(mutex_);
    action();
  }

  /// Where no function is, ones are read, and writes are ignored (PCI Local Bus 3.0, 6.1).
  void read(const PciRegister& where, MutableBytes data);
  void write(const PciRegister& where, ByteView data);

 private:
  /// On this bus, or behind a bridge on it: of two that have one bus's number, the first one's.
  [[nodiscard]] PciFunction* at(const PciRegister& where) const;
  void detach(std::uint8_t device);

  std::mutex mutex_;
  std::array<PciFunction*, kDevices> functions_{};
};

/// What the machine itself attaches. Throws Error, which names the device, where it is refused.
PciBus::Attachment attach_or_throw(PciBus& bus, const std::string& name, std::uint8_t device,
                                   PciFunction& function);

}  // namespace virtsev::vmm
