// SPDX-License-Identifier: LGPL-2.1-or-later
// A platform's certificates from this machine's own SEV device.
#pragma once

#include <string>

#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::sevcore {
class SevDevice;
}  // namespace virtsev::sevcore

namespace virtsev::cli {

/// PDH, chain and the chip's id through PDH_CERT_EXPORT and GET_ID2 of `path`, /dev/sev for example. Throws
/// Error naming it, with cause and next step. Not yet shown on hardware.
CertificateSet certificates_of_device(const std::string& path);

/// The same of a device that is open; `name` stands for it in messages.
CertificateSet certificates_of_device(sevcore::SevDevice& device, const std::string& name);

}  // namespace virtsev::cli
