// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/firmware_launch.hpp"

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
UniqueFd open_hashed(const std::string& option, const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) {
    refuse(text("{} {}: {}", option, path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode) && !is_null_device(status)) {
    refuse(text("{} {}: this is not a regular file", option, path));
  }
  return fd;
}

std::optional<std::uint32_t> signature(const LaunchOptions& options) {
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

}  // namespace

ExpectedLaunch from_firmware(const LaunchOptions& options) {
  if (!options.xml.empty()) {
    refuse(text("--firmware beside XML: a boot through firmware is measured from options alone"));
  }
  if (options.policy.empty()) {
    refuse(text("--policy is missing: there is no default for it; 0x7 for SEV-ES, 0x1 for SEV, for example"));
  }
  if (!options.machine.empty()) {
    refuse(
        text("--machine {}: --firmware predicts a guest that QEMU starts, of whose machine nothing is "
             "measured; leave it out",
             options.machine));
  }
  ExpectedLaunch launch;
  spec::BootSpecification& boot = launch.specification;
  boot.policy = read_policy(options.policy).value();
  boot.vcpus = options.vcpus != 0 ? options.vcpus : 1;
  boot.command_line = options.command_line;
  launch.firmware_image = spec::open_file("--firmware", options.firmware);
  launch.firmware = boot::ovmf::Firmware{{launch.firmware_image.get(), options.firmware}, signature(options)};
  if (!options.kernel.empty()) {
    launch.kernel = open_hashed("--kernel", options.kernel);
    boot.kernel = {launch.kernel.get(), options.kernel};
  }
  if (!options.initrd.empty()) {
    launch.initrd = open_hashed("--initrd", options.initrd);
    boot.initrd = spec::File{launch.initrd.get(), options.initrd};
  }
  return launch;
}

}  // namespace virtsev::cli
