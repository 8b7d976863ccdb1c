// SPDX-License-Identifier: LGPL-2.1-or-later
// The step from a domain's definition to a machine: opens the files that it names.
#pragma once

#include "domain-xml/domain_definition.hpp"
#include "driver/spec-from-xml/opened_machine.hpp"

namespace virtsev::spec {

/// Opens kernel and initrd, or the firmware's image, read-only, without blocking on what is not a file.
/// Memory is rounded up to whole pages; the VMSA flavour stays at its default; devices are left to whoever
/// has their descriptors. Throws Error (kSystemError, kConfigUnsupported) naming element, path, cause and
/// cure: a file that is missing, may not be read, is empty, or is neither a regular file nor a block device.
OpenedMachine open_machine(const domain_xml::DomainDefinition& definition);

}  // namespace virtsev::spec
