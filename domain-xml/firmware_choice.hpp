// SPDX-License-Identifier: LGPL-2.1-or-later
// What a host adds to a definition that leaves the choice of the firmware to it.
#pragma once

#include <string>

#include "domain-xml/domain_definition.hpp"

namespace virtsev::domain_xml {

/// The definition with this image as its <loader>; it has none.
DomainDefinition with_loader(const DomainDefinition& definition, const std::string& path);

}  // namespace virtsev::domain_xml
