// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that QEMU starts through OVMF, before its files are opened: from options, from domain XML, or from
// both.
#pragma once

#include <optional>
#include <string>

#include "driver/spec-from-xml/opened_machine.hpp"

namespace virtsev::spec {

/// A file, and what messages call it: "--kernel", or "<os><kernel>".
struct NamedFile {
  std::string name;
  std::string path;  ///< Empty: none
};

struct FirmwareGuest {
  NamedFile image;
  NamedFile kernel;  ///< None: the firmware finds it on the guest's disk
  NamedFile initrd;
  std::string command_line;
  std::uint32_t vcpus = 1;
  sevcore::Protection protection;
  std::optional<std::uint32_t> cpu_signature;  ///< EAX of CPUID leaf 1
  std::optional<ByteArray<32>> known_digest;   ///< Of the image, where its owner knows it
};

/// Opens the files. Throws Error naming the option or element at fault: initrd or command line without a
/// kernel among them.
OpenedMachine open_guest(const FirmwareGuest& guest);

}  // namespace virtsev::spec
