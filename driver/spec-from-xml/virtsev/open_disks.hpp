// SPDX-License-Identifier: LGPL-2.1-or-later
// The images that a definition's disks name: opened as the guest uses them, and locked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain-xml/domain_definition.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::spec {

struct OpenedDisk {
  std::string id;  ///< Its alias
  PciAddress address;
  UniqueFd image;  ///< What `disk` borrows; the lock is gone when it and its copies are closed
  Disk disk;
};

/// `number`: its place among the definition's disks. Throws as below.
OpenedDisk open_disk(const domain_xml::DiskDefinition& definition, std::size_t number);

/// In the definition's order; drives without a disc are left out. Throws Error, which names the disk: the
/// file can't be used (open_file.hpp), or somebody else uses it so that this guest can't (image_lock.hpp).
std::vector<OpenedDisk> open_disks(const domain_xml::DomainDefinition& definition);

}  // namespace virtsev::spec
