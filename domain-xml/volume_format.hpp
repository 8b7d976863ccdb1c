// SPDX-License-Identifier: LGPL-2.1-or-later
// What libvirt's own XML of a storage volume (<volume>) says of its image.
#pragma once

#include <string>

namespace virtsev::domain_xml {

/// <target><format type=...>: "raw" where it says none. Throws Error(kXmlError) where it is not a <volume>.
std::string format_of_volume(const std::string& xml);

}  // namespace virtsev::domain_xml
