// SPDX-License-Identifier: LGPL-2.1-or-later
// A platform's certificates from a host, through libvirt's client library.
#pragma once

#include <string>

#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::cli {

/// Asks the host for what `virsh nodesevinfo` shows: PDH, chain and the chip's id. For sev:// and for other
/// drivers alike. Throws Error with libvirt's own reason.
CertificateSet certificates_of_host(const std::string& uri);

}  // namespace virtsev::cli
