// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/open_boot.hpp"

#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

MachineVersion machine_version(const std::string& name) {
  if (name == kMachineQ35_1_0) {
    return MachineVersion::kQ35_1_0;
  }
  throw Error(ErrorCode::kConfigUnsupported,
              text("<os><type>: this version of virtsev does not have the machine '{}'; it has '{}'", name,
                   kMachineQ35_1_0));
}

}  // namespace

OpenedBoot open_boot(const domain_xml::DomainDefinition& definition) {
  OpenedBoot opened;
  BootSpecification& specification = opened.specification;
  specification.machine = machine_version(definition.os.machine);
  specification.memory_bytes = round_up(definition.memory_bytes, kPageSize);
  specification.vcpus = definition.vcpus;
  specification.unprotected = !definition.launch_security.has_value();
  if (definition.launch_security) {
    specification.policy = definition.launch_security->policy.value();
  }
  specification.command_line = definition.os.command_line;
  opened.kernel = open_file("<os><kernel>", definition.os.kernel);
  specification.kernel = {opened.kernel.get(), definition.os.kernel};
  if (!definition.os.initrd.empty()) {
    opened.initrd = open_file("<os><initrd>", definition.os.initrd);
    specification.initrd = File{opened.initrd.get(), definition.os.initrd};
  }
  return opened;
}

}  // namespace virtsev::spec
