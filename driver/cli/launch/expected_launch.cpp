// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/expected_launch.hpp"

#include <utility>

#include <sys/stat.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/document.hpp"
#include "driver/boot/compose.hpp"
#include "driver/cli/files.hpp"
#include "driver/cli/launch/firmware_guest.hpp"
#include "driver/cli/launch/qemu_domain.hpp"
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

/// A guest that virtsev starts itself.
ExpectedLaunch from_virtsev_domain(const std::string& document, const LaunchOptions& options) {
  if (!options.machine.empty() || options.memory_mib != 0 || options.command_line_given ||
      options.vcpus != 0) {
    refuse(
        text("--machine, --memory, --cmdline and --vcpus stand in the XML; beside it, only --policy, "
             "--kernel, --initrd "
             "and --vmsa can be given"));
  }
  if (!options.firmware.empty() || !options.firmware_digest.empty()) {
    refuse(text("--firmware: {} boots no firmware but its <kernel> directly; leave the option out",
                options.xml));
  }
  domain_xml::DomainDefinition definition = domain_xml::parse(document);
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

ExpectedLaunch from_xml(const LaunchOptions& options) {
  const Bytes bytes = read_file(options.xml, kMaxXmlBytes);
  const std::string content(bytes.begin(), bytes.end());
  const domain_xml::Document document = domain_xml::read_document(content);
  return boots_firmware(*document) ? from_qemu_domain(*document, options)
                                   : from_virtsev_domain(content, options);
}

ExpectedLaunch from_options(const LaunchOptions& options) {
  if (!options.firmware_digest.empty()) {
    refuse(text(
        "--firmware-digest: of which image? Give it with --firmware, or the XML of a guest with a <loader>"));
  }
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

bool same_file(const UniqueFd& one, const UniqueFd& other) {
  struct stat first = {};
  struct stat second = {};
  // Two that are empty, /dev/null for example, are two times nothing.
  return one && other && ::fstat(one.get(), &first) == 0 && ::fstat(other.get(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino && first.st_size > 0;
}

void check_files(const ExpectedLaunch& launch) {
  if (same_file(launch.kernel, launch.initrd)) {
    refuse(text("{}: it is given as kernel and as initrd; one of them is wrong",
                launch.specification.kernel.path));
  }
  if (same_file(launch.firmware_image, launch.kernel) || same_file(launch.firmware_image, launch.initrd)) {
    refuse(text("{}: it is given as firmware and as kernel or initrd; one of them is wrong",
                launch.firmware->image.path));
  }
}

}  // namespace

ExpectedLaunch expect_launch(const LaunchOptions& options) {
  ExpectedLaunch launch = !options.xml.empty()        ? from_xml(options)
                          : !options.firmware.empty() ? from_firmware(options)
                                                      : from_options(options);
  check_files(launch);
  launch.specification.vmsa_flavour =
      options.vmsa == "legacy" ? spec::VmsaFlavour::kLegacy : spec::VmsaFlavour::kInit2;
  launch.plan = compose(launch, launch.specification);
  launch.vmsa_assumed = launch.plan.encrypted_state && options.vmsa.empty();
  if (!launch.firmware && (!options.cpu_model.empty() || options.cpu_signature != 0)) {
    launch.remarks.push_back(
        text("--cpu-model and --cpu-signature change nothing here: direct boot measures no CPU model"));
  }
  return launch;
}

std::vector<Prediction> predictions(const ExpectedLaunch& launch) {
  const auto digest = sevcore::launch_digest(launch.plan);
  if (!launch.plan.encrypted_state) {
    return {{"", digest}};
  }
  const bool init2 = launch.specification.vmsa_flavour == spec::VmsaFlavour::kInit2;
  if (!launch.vmsa_assumed) {
    return {{init2 ? "init2" : "legacy", digest}};
  }
  return {{"init2", digest},
          {"legacy", sevcore::launch_digest(with_flavour(launch, spec::VmsaFlavour::kLegacy))}};
}

sevcore::LaunchPlan with_flavour(const ExpectedLaunch& launch, spec::VmsaFlavour flavour) {
  spec::BootSpecification other = launch.specification;
  other.vmsa_flavour = flavour;
  return compose(launch, other);
}

std::string ExpectedLaunch::machine() const { return firmware ? "qemu" : spec::kMachineQ35_1_0; }

}  // namespace virtsev::cli
