// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstring>

#include "sevcore/firmware/firmware_memory.hpp"

namespace virtsev::sevcore {

bool PlainFirmwareMemory::read(std::uint64_t address, MutableBytes out) {
  if (address == 0 || address + out.size() < address) {
    return false;
  }
  std::memcpy(out.data(), reinterpret_cast<const void*>(address), out.size());
  return true;
}

bool PlainFirmwareMemory::write(std::uint64_t address, ByteView in) {
  if (address == 0 || address + in.size() < address) {
    return false;
  }
  std::memcpy(reinterpret_cast<void*>(address), in.data(), in.size());
  return true;
}

bool PlainFirmwareMemory::encrypt(std::uint32_t /*asid*/, std::uint64_t address, std::uint64_t length) {
  return address != 0 && address + length >= address;
}

bool PlainFirmwareMemory::read_private(std::uint32_t /*asid*/, std::uint64_t address, MutableBytes plain) {
  return read(address, plain);
}

bool PlainFirmwareMemory::write_private(std::uint32_t /*asid*/, std::uint64_t address, ByteView plain) {
  return write(address, plain);
}

}  // namespace virtsev::sevcore
