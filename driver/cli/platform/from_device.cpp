// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/from_device.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>

#include "driver/cli/platform/chip_id.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/kernel/hardware_kernel.hpp"

namespace virtsev::cli {
namespace {

UniqueFd open_device(const std::string& path) {
  // For writing where that is allowed: a platform that nobody has used yet is initialised first.
  UniqueFd device(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device && errno == EACCES) {
    device.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  }
  if (!device) {
    throw Error(
        ErrorCode::kSystemError,
        errno == EACCES || errno == EPERM
            ? text("{}: {}; ask its owner for access, or run this as root", path, std::strerror(errno))
            : text("{}: {}; `virtsev host` says what this machine lacks for SEV", path,
                   std::strerror(errno)));
  }
  return device;
}

}  // namespace

CertificateSet certificates_of_device(sevcore::SevDevice& device, const std::string& name) {
  const sevcore::PlatformInformation platform = sevcore::read_platform(device);
  CertificateSet set;
  add_certificates(set, platform.pdh, text("the PDH of {}", name));
  add_certificates(set, platform.chain, text("the certificate chain of {}", name));
  set.chip_id = first_chip_id(platform.chip_id);
  return set;
}

CertificateSet certificates_of_device(const std::string& path) {
  sevcore::HardwareDevice device(open_device(path));
  try {
    return certificates_of_device(device, path);
  } catch (const Error& error) {
    throw Error(error.code(), text("{}: {}", path, error.what()));
  }
}

}  // namespace virtsev::cli
