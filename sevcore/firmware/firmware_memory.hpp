// SPDX-License-Identifier: LGPL-2.1-or-later
// How the software firmware reaches memory: behind it is the monitor's own address space, or the RAM of an
// emulated machine.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore {

/// Addresses mean what the commands' buffers mean by them: system physical addresses for an emulated security
/// processor, addresses in the caller's own memory for the simulated kernel. Each function gives false where
/// the range is not all memory.
class FirmwareMemory {
 public:
  virtual ~FirmwareMemory() = default;
  /// As seen without a guest's key.
  virtual bool read(std::uint64_t address, MutableBytes out) = 0;
  virtual bool write(std::uint64_t address, ByteView in) = 0;
  /// Makes the plain text that is there the private memory of the guest with that ASID.
  virtual bool encrypt(std::uint32_t asid, std::uint64_t address, std::uint64_t length) = 0;
  /// Reads private memory of the guest with that ASID.
  virtual bool read_private(std::uint32_t asid, std::uint64_t address, MutableBytes plain) = 0;
  /// Writes into private memory of the guest with that ASID.
  virtual bool write_private(std::uint32_t asid, std::uint64_t address, ByteView plain) = 0;
};

/// Memory that stays plain text, in the caller's own address space: the simulation's. What is private there
/// is so by name alone: decrypting reads what stands there, encrypting writes through. Null is not memory; of
/// any other address the caller has made sure.
class PlainFirmwareMemory : public FirmwareMemory {
 public:
  bool read(std::uint64_t address, MutableBytes out) override;
  bool write(std::uint64_t address, ByteView in) override;
  bool encrypt(std::uint32_t asid, std::uint64_t address, std::uint64_t length) override;
  bool read_private(std::uint32_t asid, std::uint64_t address, MutableBytes plain) override;
  bool write_private(std::uint32_t asid, std::uint64_t address, ByteView plain) override;
};

}  // namespace virtsev::sevcore
