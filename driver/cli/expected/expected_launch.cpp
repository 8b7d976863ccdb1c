// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/expected/expected_launch.hpp"

#include <algorithm>
#include <utility>

#include <sys/stat.h>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/document.hpp"
#include "driver/boot/compose.hpp"
#include "driver/boot/ovmf/firmware_boot.hpp"
#include "driver/cli/expected/owners_values.hpp"
#include "driver/cli/io/files.hpp"
#include "driver/cli/io/numbers.hpp"
#include "driver/spec-from-xml/open_file.hpp"
#include "driver/spec-from-xml/virtsev/open_machine.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/launch/launch_digest.hpp"

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
  if (!options.kernel.empty()) {
    definition.os.kernel = options.kernel;
  }
  if (!options.initrd.empty()) {
    definition.os.initrd = options.initrd;
  }
  return {spec::open_machine(definition), {}};
}

ExpectedLaunch from_qemu_domain(const xmlDoc& document, const LaunchOptions& options) {
  spec::QemuMachine qemu = spec::open_qemu_domain(document, owners_values(options));
  ExpectedLaunch launch{std::move(qemu.opened), {}};
  launch.remarks = remarks_on_options(options);
  launch.variables_of_host = qemu.variables_of_host;
  if (launch.variables_of_host) {
    launch.remarks.push_back(
        text("<nvram>: firmware's variables are not measured, so the host can change them; use a build "
             "without a variable store "
             "(OVMF.amdsev.fd)"));
  }
  return launch;
}

/// Written twice, it has to be the same.
void check_policy(const ExpectedLaunch& launch, const LaunchOptions& options) {
  if (options.policy.empty()) {
    return;
  }
  const auto differs = [&](const std::string& described) {
    refuse(text("--policy {} is not the policy in {}, {}; correct the one that is wrong", options.policy,
                options.xml, described));
  };
  if (const auto* snp = std::get_if<sevcore::Snp>(&launch.guest().protection)) {
    if (read_snp_policy(options.policy) != snp->policy) {
      differs(sevcore::describe(snp->policy));
    }
  } else if (const sevcore::Policy policy = *sevcore::policy_of(launch.guest().protection);
             read_policy(options.policy) != policy) {
    differs(sevcore::describe(policy));
  }
}

ExpectedLaunch from_xml(const LaunchOptions& options) {
  if (!options.type.empty()) {
    refuse(text("--type stands in the XML, as <launchSecurity type=...>; leave it out"));
  }
  const Bytes bytes = read_file(options.xml, kMaxXmlBytes);
  const std::string content(bytes.begin(), bytes.end());
  const domain_xml::Document document = domain_xml::read_document(content);
  ExpectedLaunch launch = spec::boots_firmware(*document) ? from_qemu_domain(*document, options)
                                                          : from_virtsev_domain(content, options);
  check_policy(launch, options);
  return launch;
}

ExpectedLaunch from_firmware(const LaunchOptions& options) {
  return {spec::open_guest(firmware_guest(options)), {}, remarks_on_options(options)};
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
  if (!options.machine.empty() && options.machine != machine::kQ35_1_0 &&
      options.machine != machine::kAlias) {
    refuse(text("--machine {}: there is only {} ({} for short)", options.machine, machine::kQ35_1_0,
                machine::kAlias));
  }
  if (options.is_snp()) {
    refuse(text("--type sev-snp: such a guest boots firmware; give it with --firmware"));
  }
  ExpectedLaunch launch;
  spec::Machine& guest = launch.opened.machine;
  guest.protection = sevcore::make_protection(read_policy(options.policy));
  guest.memory_bytes = (options.memory_mib != 0 ? options.memory_mib : kDefaultMemoryMib) << 20;
  guest.vcpus = options.vcpus != 0 ? options.vcpus : 1;
  spec::Payload payload;
  payload.command_line = options.command_line;
  payload.kernel = launch.opened.keep(spec::open_file("--kernel", options.kernel), options.kernel);
  if (!options.initrd.empty()) {
    payload.initrd = launch.opened.keep(spec::open_file("--initrd", options.initrd), options.initrd);
  }
  guest.boot = spec::DirectBoot{std::move(payload)};
  return launch;
}

bool same_file(const spec::File& one, const spec::File& other) {
  struct stat first = {};
  struct stat second = {};
  // Two that are empty, /dev/null for example, are two times nothing.
  return ::fstat(one.fd, &first) == 0 && ::fstat(other.fd, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino && first.st_size > 0;
}

void check_files(const ExpectedLaunch& launch) {
  const spec::Payload* payload = launch.payload();
  if (payload == nullptr) {
    return;
  }
  const auto is_initrd = [payload](const spec::File& file) {
    return payload->initrd && same_file(file, *payload->initrd);
  };
  if (is_initrd(payload->kernel)) {
    refuse(text("{}: it is given as kernel and as initrd; one of them is wrong", payload->kernel.path));
  }
  if (const spec::FirmwareBoot* firmware = launch.firmware();
      firmware != nullptr && (same_file(firmware->image, payload->kernel) || is_initrd(firmware->image))) {
    refuse(text("{}: it is given as firmware and as kernel or initrd; one of them is wrong",
                firmware->image.path));
  }
}

Prediction prediction_of(const sevcore::LaunchPlan& plan) {
  Prediction prediction;
  if (const auto flavour = sevcore::flavour_of(plan.protection)) {
    prediction.vmsa = word_for(*flavour);
  }
  const Bytes digest = sevcore::launch_digest(plan);
  std::copy(digest.begin(), digest.end(), prediction.digest.begin());
  return prediction;
}

}  // namespace

ExpectedLaunch expect_launch(const LaunchOptions& options) {
  ExpectedLaunch launch = !options.xml.empty()        ? from_xml(options)
                          : !options.firmware.empty() ? from_firmware(options)
                                                      : from_options(options);
  check_files(launch);
  if (options.vmsa == "legacy") {
    spec::Machine& guest = launch.opened.machine;
    guest.protection = sevcore::with_flavour(std::move(guest.protection), sevcore::VmsaFlavour::kLegacy);
  }
  launch.plan = boot::compose(launch.guest());
  launch.vmsa_assumed = sevcore::flavour_of(launch.plan.protection) && options.vmsa.empty();
  if (const spec::FirmwareBoot* firmware = launch.firmware()) {
    boot::ovmf::check_hashes_are_enforced(*firmware);
  } else if (!options.cpu_model.empty() || options.cpu_signature != 0) {
    launch.remarks.push_back(
        text("--cpu-model and --cpu-signature change nothing here: direct boot measures no CPU model"));
  }
  return launch;
}

std::vector<Prediction> predictions(const ExpectedLaunch& launch) {
  if (std::holds_alternative<sevcore::Snp>(launch.plan.protection)) {
    refuse(
        text("an SEV-SNP guest has no launch measurement: it asks its firmware for an attestation report. "
             "`virtsev measure` predicts the digest in it"));
  }
  if (!launch.vmsa_assumed) {
    return {prediction_of(launch.plan)};
  }
  return {prediction_of(launch.plan), with_flavour(launch, sevcore::VmsaFlavour::kLegacy)};
}

std::string word_for(sevcore::VmsaFlavour flavour) {
  return flavour == sevcore::VmsaFlavour::kInit2 ? "init2" : "legacy";
}

Prediction with_flavour(const ExpectedLaunch& launch, sevcore::VmsaFlavour flavour) {
  sevcore::LaunchPlan other = launch.plan;
  other.protection = sevcore::with_flavour(std::move(other.protection), flavour);
  return prediction_of(other);
}

const spec::FirmwareBoot* ExpectedLaunch::firmware() const {
  return std::get_if<spec::FirmwareBoot>(&guest().boot);
}

std::string ExpectedLaunch::machine() const { return firmware() != nullptr ? "qemu" : machine::kQ35_1_0; }

}  // namespace virtsev::cli
