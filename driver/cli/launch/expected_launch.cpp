// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/expected_launch.hpp"

#include <utility>

#include "domain-xml/domain_definition.hpp"
#include "driver/boot/compose.hpp"
#include "driver/cli/files.hpp"
#include "driver/cli/launch/firmware_launch.hpp"
#include "driver/cli/numbers.hpp"
#include "driver/spec-from-xml/open_boot.hpp"
#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// More than any domain's XML has.
constexpr std::size_t kMaxXmlBytes = 16U << 20;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

ExpectedLaunch from_xml(const LaunchOptions& options) {
  if (!options.machine.empty() || options.memory_mib != 0 || options.command_line_given ||
      options.vcpus != 0) {
    refuse(
        text("--machine, --memory, --cmdline and --vcpus stand in the XML; beside it, only --policy, "
             "--kernel, --initrd "
             "and --vmsa can be given"));
  }
  const Bytes document = read_file(options.xml, kMaxXmlBytes);
  domain_xml::DomainDefinition definition = domain_xml::parse(std::string(document.begin(), document.end()));
  if (!definition.os.loader.empty()) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("<loader>: a boot through firmware is measured from options, not from XML: give --firmware, "
             "--policy and --vcpus, and --kernel, --initrd and --cmdline as the XML has them"));
  }
  if (!definition.launch_security) {
    refuse(text("{}: has no <launchSecurity>, so nothing of it is measured", options.xml));
  }
  if (!options.policy.empty() && read_policy(options.policy) != definition.launch_security->policy) {
    refuse(text("--policy {} is not the policy in {}, {}; correct the one that is wrong", options.policy,
                options.xml, sevcore::describe(definition.launch_security->policy)));
  }
  if (!options.kernel.empty()) {
    definition.os.kernel = options.kernel;
  }
  if (!options.initrd.empty()) {
    definition.os.initrd = options.initrd;
  }
  spec::OpenedBoot opened = spec::open_boot(definition);
  return {std::move(opened.specification), std::move(opened.kernel), std::move(opened.initrd), {}};
}

ExpectedLaunch from_options(const LaunchOptions& options) {
  if (options.kernel.empty()) {
    refuse(text("there is nothing to measure: give the domain's XML, or --kernel FILE"));
  }
  if (options.policy.empty()) {
    refuse(text("--policy is missing: there is no default for it; 0x7 for SEV-ES, 0x1 for SEV, for example"));
  }
  if (!options.machine.empty() && options.machine != spec::kMachineQ35_1_0 &&
      options.machine != spec::kMachineAlias) {
    refuse(text("--machine {}: there is {} ({} for short) alone", options.machine, spec::kMachineQ35_1_0,
                spec::kMachineAlias));
  }
  ExpectedLaunch launch;
  spec::BootSpecification& boot = launch.specification;
  boot.policy = read_policy(options.policy).value();
  boot.memory_bytes = (options.memory_mib != 0 ? options.memory_mib : kDefaultMemoryMib) << 20;
  boot.vcpus = options.vcpus != 0 ? options.vcpus : 1;
  boot.command_line = options.command_line;
  launch.kernel = spec::open_file("--kernel", options.kernel);
  boot.kernel = {launch.kernel.get(), options.kernel};
  if (!options.initrd.empty()) {
    launch.initrd = spec::open_file("--initrd", options.initrd);
    boot.initrd = spec::File{launch.initrd.get(), options.initrd};
  }
  return launch;
}

sevcore::LaunchPlan compose(const ExpectedLaunch& launch, const spec::BootSpecification& specification) {
  return launch.firmware ? boot::ovmf::compose(specification, *launch.firmware)
                         : boot::compose(specification);
}

}  // namespace

ExpectedLaunch expect_launch(const LaunchOptions& options) {
  const bool firmware = !options.firmware.empty();
  ExpectedLaunch launch = firmware              ? from_firmware(options)
                          : options.xml.empty() ? from_options(options)
                                                : from_xml(options);
  launch.specification.vmsa_flavour =
      options.vmsa == "legacy" ? spec::VmsaFlavour::kLegacy : spec::VmsaFlavour::kInit2;
  launch.plan = compose(launch, launch.specification);
  return launch;
}

sevcore::LaunchPlan with_flavour(const ExpectedLaunch& launch, spec::VmsaFlavour flavour) {
  spec::BootSpecification other = launch.specification;
  other.vmsa_flavour = flavour;
  return compose(launch, other);
}

std::string ExpectedLaunch::machine() const { return firmware ? "qemu" : spec::kMachineQ35_1_0; }

}  // namespace virtsev::cli
