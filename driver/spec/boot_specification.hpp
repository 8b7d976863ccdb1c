// SPDX-License-Identifier: LGPL-2.1-or-later
// What a launch is made from: plain data, and descriptors of open files. Made from a domain definition
// (driver/spec-from-xml) or from options of `virtsev measure`; sent to the monitor; composed into a launch
// plan (driver/boot).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace virtsev::spec {

/// An open regular file. `fd` is borrowed; `path` is for messages only, nobody opens it again.
struct File {
  int fd = -1;
  std::string path;
};

/// Which virtual machine the guest sees. A released version never changes what it puts into guest memory.
enum class MachineVersion : std::uint32_t { kQ35_1_0 = 1 };

/// "virtsev-q35-1.0".
inline constexpr const char* kMachineQ35_1_0 = "virtsev-q35-1.0";
/// Domain XML may say q35: the newest version.
inline constexpr const char* kMachineAlias = "q35";

enum class VmsaFlavour : std::uint32_t { kInit2 = 0, kLegacy = 1 };

/// Limits of machine version 1.0.
inline constexpr std::uint32_t kMaxVcpus = 64;
inline constexpr std::uint64_t kMinMemoryBytes = 64ULL << 20;
inline constexpr std::uint64_t kMaxMemoryBytes = 1ULL << 40;
/// The kernel's own limit for x86 (COMMAND_LINE_SIZE), with the terminating NUL.
inline constexpr std::size_t kMaxCommandLine = 2048;

struct BootSpecification {
  MachineVersion machine = MachineVersion::kQ35_1_0;
  std::uint64_t memory_bytes = 0;  ///< A multiple of 4096
  std::uint32_t vcpus = 1;
  std::uint32_t policy = 0;  ///< SEV guest policy; bit 2 asks for SEV-ES
  bool unprotected = false;  ///< No launchSecurity: an ordinary guest (only where virtsevd.conf allows it)
  VmsaFlavour vmsa_flavour = VmsaFlavour::kInit2;
  File kernel;  ///< A bzImage
  std::optional<File> initrd;
  std::string command_line;
};

}  // namespace virtsev::spec
