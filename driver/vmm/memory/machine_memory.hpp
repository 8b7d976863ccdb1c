// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's memory: what the guest finds at which address.
#pragma once

#include <cstdint>
#include <vector>

#include "driver/vmm/memory/guest_memory.hpp"
#include "driver/vmm/memory/host_memory.hpp"
#include "driver/vmm/memory/memory_map.hpp"
#include "driver/vmm/memory/shared_memory.hpp"

namespace virtsev::vmm {

/// What private_memory() and shared_memory() give may be used by any thread.
class MachineMemory {
 public:
  virtual ~MachineMemory() = default;
  /// What the launch plan's encrypted regions are loaded into.
  [[nodiscard]] virtual const PrivateMemory& private_memory() const = 0;
  /// What devices, the GHCB and unencrypted regions see.
  [[nodiscard]] virtual const SharedMemory& shared_memory() const = 0;
  /// Puts all of it into the map, which outlives this. Throws Error.
  virtual void plug_into(MemoryMap& map) = 0;
  /// The launch loads something into shared memory here: the guest finds it shared when it starts.
  virtual void share(GuestAddress /*start*/, std::uint64_t /*size*/) const {}
};

/// One memory for everything: a guest on hardware, where the processor tells private from shared, and an
/// unprotected one.
class PlainMemory final : public MachineMemory {
 public:
  /// `firmware`: bytes of an image that ends at 4 GiB, of which the guest can write nothing; 0: none.
  explicit PlainMemory(std::uint64_t size, std::uint64_t firmware = 0);
  [[nodiscard]] const PrivateMemory& private_memory() const override { return private_; }
  [[nodiscard]] const SharedMemory& shared_memory() const override { return shared_; }
  void plug_into(MemoryMap& map) override;

 private:
  HostMemory memory_;
  HostMemory rom_;
  PrivateMemory private_;
  SharedMemory shared_;
};

/// RAM of `size` bytes as the memory layout places it, with `host` behind it: low RAM first.
std::vector<GuestMemory::Range> lay_out(std::uint64_t size, std::uint8_t* host);

/// The firmware's place (layout::firmware_rom()), with `host` behind it; nothing where there is no image.
std::vector<GuestMemory::Range> lay_out_firmware(std::uint64_t image_bytes, std::uint8_t* host);
/// Bytes of that place; 0 where there is no image.
std::uint64_t firmware_rom_bytes(std::uint64_t image_bytes);
/// Whether it is firmware's, which a guest can't write.
bool is_firmware(const GuestMemory::Range& range);
/// Both one behind the other.
std::vector<GuestMemory::Range> join(std::vector<GuestMemory::Range> first,
                                     const std::vector<GuestMemory::Range>& second);

/// The windows that the memory layout has for devices, in a machine with this much RAM.
std::vector<MemoryMap::Range> device_windows(std::uint64_t memory_bytes);

}  // namespace virtsev::vmm
