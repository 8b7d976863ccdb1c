// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/firmware_guest.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "driver/boot/ovmf/cpu_model.hpp"
#include "driver/cli/numbers.hpp"
#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == ::makedev(1, 3);
}

/// Any file of finite length that QEMU takes, an empty one and /dev/null included.
UniqueFd open_hashed(const NamedFile& file) {
  UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) {
    refuse(text("{} {}: {}", file.name, file.path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode) && !is_null_device(status)) {
    refuse(text("{} {}: this is not a regular file", file.name, file.path));
  }
  return fd;
}

}  // namespace

std::optional<std::uint32_t> signature_in(const LaunchOptions& options) {
  if (options.cpu_model.empty()) {
    return options.cpu_signature != 0 ? std::optional(options.cpu_signature) : std::nullopt;
  }
  const auto known = boot::ovmf::signature_of(options.cpu_model);
  if (!known) {
    refuse(
        text("--cpu-model {}: known are {}, and -v1 and so on of them; for any other CPU, give "
             "--cpu-signature with EAX of its CPUID leaf 1",
             options.cpu_model, boot::ovmf::known_models()));
  }
  return known;
}

std::optional<ByteArray<32>> known_digest_in(const LaunchOptions& options) {
  return options.firmware_digest.empty()
             ? std::nullopt
             : std::optional(read_digest("--firmware-digest", options.firmware_digest));
}

std::vector<std::string> remarks_on_options(const LaunchOptions& options) {
  std::vector<std::string> remarks;
  for (const auto& [option, given] :
       {std::pair("--machine", !options.machine.empty()), std::pair("--memory", options.memory_mib != 0)}) {
    if (given) {
      remarks.push_back(
          text("{} changes nothing here: of a guest that QEMU starts through firmware, neither machine nor "
               "memory size is measured",
               option));
    }
  }
  return remarks;
}

ExpectedLaunch open_guest(const FirmwareGuest& guest) {
  ExpectedLaunch launch;
  spec::BootSpecification& boot = launch.specification;
  boot.policy = guest.policy.value();
  boot.vcpus = guest.vcpus;
  boot.command_line = guest.command_line;
  launch.firmware_image = spec::open_file(guest.image.name, guest.image.path);
  launch.firmware = boot::ovmf::Firmware{
      {launch.firmware_image.get(), guest.image.path}, guest.cpu_signature, guest.known_digest};
  if (!guest.kernel.path.empty()) {
    launch.kernel = open_hashed(guest.kernel);
    boot.kernel = {launch.kernel.get(), guest.kernel.path};
  }
  if (!guest.initrd.path.empty()) {
    launch.initrd = open_hashed(guest.initrd);
    boot.initrd = spec::File{launch.initrd.get(), guest.initrd.path};
  }
  return launch;
}

ExpectedLaunch from_firmware(const LaunchOptions& options) {
  if (options.policy.empty()) {
    refuse(text("--policy is missing: there is no default for it; 0x7 for SEV-ES, 0x1 for SEV, for example"));
  }
  ExpectedLaunch launch = open_guest({{"--firmware", options.firmware},
                                      {"--kernel", options.kernel},
                                      {"--initrd", options.initrd},
                                      options.command_line,
                                      options.vcpus != 0 ? options.vcpus : 1,
                                      read_policy(options.policy),
                                      signature_in(options),
                                      known_digest_in(options)});
  launch.remarks = remarks_on_options(options);
  return launch;
}

}  // namespace virtsev::cli
