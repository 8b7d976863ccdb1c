// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/open_machine.hpp"

#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

machine::Version version_of(const std::string& name) {
  if (const auto version = machine::version_named(name)) {
    return *version;
  }
  throw Error(ErrorCode::kConfigUnsupported,
              text("<os><type>: this version of virtsev does not have the machine '{}'; it has '{}'", name,
                   machine::kQ35_1_0));
}

}  // namespace

OpenedMachine open_machine(const domain_xml::DomainDefinition& definition) {
  if (!definition.reason_against_start.empty()) {
    throw Error(ErrorCode::kConfigUnsupported, definition.reason_against_start);
  }
  OpenedMachine opened;
  Machine& machine = opened.machine;
  machine.version = version_of(definition.os.machine);
  machine.memory_bytes = round_up(definition.memory_bytes, kPageSize);
  machine.vcpus = definition.vcpus;
  machine.protection = domain_xml::protection_of(definition);
  Payload payload;
  payload.command_line = definition.os.command_line;
  payload.kernel = opened.keep(open_file("<os><kernel>", definition.os.kernel), definition.os.kernel);
  if (!definition.os.initrd.empty()) {
    payload.initrd = opened.keep(open_file("<os><initrd>", definition.os.initrd), definition.os.initrd);
  }
  machine.boot = DirectBoot{std::move(payload)};
  return opened;
}

}  // namespace virtsev::spec
