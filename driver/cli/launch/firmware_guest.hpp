// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that QEMU starts through OVMF, before its files are opened: from options, from domain XML, or from
// both.
#pragma once

#include <optional>
#include <string>

#include "driver/cli/launch/expected_launch.hpp"
#include "driver/cli/launch/launch_options.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::cli {

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
  sevcore::Policy policy;
  std::optional<std::uint32_t> cpu_signature;  ///< EAX of CPUID leaf 1
  std::optional<ByteArray<32>> known_digest;   ///< Of the image, where its owner knows it
};

/// From --cpu-model or --cpu-signature; nothing where neither is given. Throws Error for a model that is not
/// known.
std::optional<std::uint32_t> signature_in(const LaunchOptions& options);

/// --firmware-digest; nothing where it is not given. Throws Error.
std::optional<ByteArray<32>> known_digest_in(const LaunchOptions& options);

/// What was given beside --firmware, or XML with firmware, and changes nothing: a remark for each.
std::vector<std::string> remarks_on_options(const LaunchOptions& options);

/// Opens the files: all of a launch but the plan. Throws Error naming the option or element at fault.
ExpectedLaunch open_guest(const FirmwareGuest& guest);

/// From options alone.
ExpectedLaunch from_firmware(const LaunchOptions& options);

}  // namespace virtsev::cli
