// SPDX-License-Identifier: LGPL-2.1-or-later
// QEMU's firmware configuration device: items and named files that firmware reads (QEMU,
// docs/specs/fw_cfg.rst). Nothing of it is measured.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/devices/device.hpp"
#include "sevcore/base/guest_address.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// Part of a file, which is read piece by piece when the guest asks: the monitor neither maps it nor keeps
/// it.
struct FwCfgFilePart {
  std::shared_ptr<const UniqueFd> file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// An item's bytes; those that depend on where firmware has put PCI configuration space are made when they
/// are first asked for, and are as many wherever that is.
struct FwCfgMade {
  std::uint32_t size = 0;
  std::function<Bytes(GuestAddress configuration)> make;
};
using FwCfgContent = std::variant<Bytes, FwCfgMade, FwCfgFilePart>;

struct FwCfgOptions {
  std::map<std::uint16_t, FwCfgContent> items = {};              ///< By selector, below kFirstFile
  std::vector<std::pair<std::string, FwCfgContent>> files = {};  ///< In the directory's order
};
std::unique_ptr<Device> make_device(const FwCfgOptions& options, const Surroundings& surroundings);

/// Any thread, one after the other. The guest can write nothing; what it asks for ends with an item, and is
/// zeros behind it.
class FwCfg final : public BusDevice {
 public:
  enum Item : std::uint16_t {
    kSignature = 0x00,
    kInterface = 0x01,
    kVcpus = 0x05,
    kKernelSize = 0x08,
    kInitrdSize = 0x0b,
    kBootMenu = 0x0e,
    kMaxVcpus = 0x0f,
    kKernel = 0x11,
    kInitrd = 0x12,
    kCommandLineSize = 0x14,
    kCommandLine = 0x15,
    kSetupSize = 0x17,
    kSetup = 0x18,
    kDirectory = 0x19,
    kFirstFile = 0x20,
  };
  /// Of a file's name, with its NUL.
  static constexpr std::size_t kNameBytes = 56;

  /// `memory`: what DMA reaches. `configuration`: where PCI configuration space is now.
  FwCfg(FwCfgOptions options, const SharedMemory& memory, std::function<GuestAddress()> configuration);

  void read(std::uint64_t offset, MutableBytes data) override;
  void write(std::uint64_t offset, ByteView data) override;

 private:
  void select(std::uint16_t key);
  /// The selected item's next bytes, zeros behind its end.
  void take(MutableBytes to);
  void skip(std::uint64_t count);
  void start_dma(GuestAddress access);
  [[nodiscard]] bool read_into(GuestAddress to, std::uint32_t size);
  [[nodiscard]] std::uint64_t left() const;

  std::map<std::uint16_t, FwCfgContent> items_;
  const SharedMemory& memory_;
  std::function<GuestAddress()> configuration_;
  std::mutex mutex_;
  FwCfgContent* selected_ = nullptr;
  std::uint64_t position_ = 0;
  std::uint64_t dma_address_ = 0;
};

}  // namespace virtsev::vmm
