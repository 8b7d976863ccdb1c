// SPDX-License-Identifier: LGPL-2.1-or-later
// The step from a domain's definition to a boot specification: opens the files that it names.
#pragma once

#include "domain-xml/domain_definition.hpp"
#include "driver/spec/boot_specification.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::spec {

/// A specification and the descriptors that it borrows. Moving it keeps them valid.
struct OpenedBoot {
  BootSpecification specification;
  UniqueFd kernel;
  UniqueFd initrd;  ///< Not valid where the definition has none
};

/// Opens kernel and initrd read-only, without blocking on what is no file. Memory is rounded up to whole
/// pages; the VMSA flavour stays at its default. Throws Error (kSystemError, kConfigUnsupported) naming
/// element, path, cause and cure: a file that is missing, may not be read, is empty, or is neither a regular
/// file nor a block device.
OpenedBoot open_boot(const domain_xml::DomainDefinition& definition);

}  // namespace virtsev::spec
