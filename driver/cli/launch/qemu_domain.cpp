// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/qemu_domain.hpp"

#include "domain-xml/xml/node.hpp"
#include "driver/boot/ovmf/cpu_model.hpp"
#include "driver/cli/launch/firmware_guest.hpp"
#include "driver/cli/numbers.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

namespace xml = domain_xml;

/// As many as QEMU's own greatest machine has.
constexpr std::uint64_t kMaxVcpus = 4096;

const xmlNode* root_of(const xmlDoc& document) {
  // libxml2 changes nothing here; its older headers do not say so.
  return xmlDocGetRootElement(const_cast<xmlDoc*>(&document));
}

[[noreturn]] void refuse(const xmlNode* element, const std::string& reason) {
  throw Error(ErrorCode::kConfigUnsupported, xml::located(element, reason));
}

const xmlNode* security_of(const xmlNode* domain) {
  const xmlNode* security = xml::only_child(domain, "launchSecurity");
  if (security == nullptr) {
    refuse(domain, text("it has no <launchSecurity>, so nothing of it is measured"));
  }
  const std::string type = xml::attribute(security, "type").value_or("");
  if (type != "sev") {
    refuse(security, text("type='{}': virtsev predicts launches of type 'sev' (SEV and SEV-ES) alone", type));
  }
  return security;
}

sevcore::Policy policy_in(const xmlNode* security, const LaunchOptions& options) {
  const xmlNode* element = xml::only_child(security, "policy");
  const auto policy = sevcore::parse_xml_policy(element != nullptr ? xml::trimmed(element) : "");
  if (!policy) {
    refuse(element != nullptr ? element : security, text("its policy is missing, or no number of base 16"));
  }
  if (!options.policy.empty() && read_policy(options.policy) != *policy) {
    throw Error(ErrorCode::kInvalidArgument,
                text("--policy {} is not the policy in {}, {}; correct the one that is wrong", options.policy,
                     options.xml, sevcore::describe(*policy)));
  }
  return *policy;
}

/// A file that the XML names, or the owner's own copy of it.
NamedFile file_in(const xmlNode* os, const char* element, const char* option, const std::string& own_copy) {
  const xmlNode* found = xml::only_child(os, element);
  const std::string path = found != nullptr ? xml::trimmed(found) : "";
  if (own_copy.empty()) {
    return {"<os><" + std::string(element) + ">", path};
  }
  if (path.empty()) {
    refuse(os, text("{}: there is no <{}> that it could be a copy of; leave it out", option, element));
  }
  return {option, own_copy};
}

NamedFile image_in(const xmlNode* os, const LaunchOptions& options) {
  if (!options.firmware.empty()) {
    return {"--firmware", options.firmware};
  }
  const xmlNode* loader = xml::only_child(os, "loader");
  const std::string path = loader != nullptr ? xml::trimmed(loader) : "";
  if (path.empty()) {
    refuse(os, text("it names no <loader>, so libvirt chooses the firmware when it starts the guest; give "
                    "your own copy of it with "
                    "--firmware"));
  }
  return {"<os><loader>", path};
}

std::uint32_t vcpus_in(const xmlNode* domain, const LaunchOptions& options) {
  const xmlNode* element = xml::only_child(domain, "vcpu");
  if (options.vcpus != 0 || element == nullptr) {
    return options.vcpus != 0 ? options.vcpus : 1;
  }
  // Those that are plugged in later have no VMSA at launch.
  const std::string digits = xml::attribute(element, "current").value_or(xml::trimmed(element));
  const auto number = xml::parse_number(digits);
  if (!number || *number == 0 || *number > kMaxVcpus) {
    refuse(element, text("'{}' is no number of vCPUs from 1 to {}", digits, kMaxVcpus));
  }
  return static_cast<std::uint32_t>(*number);
}

std::optional<std::uint32_t> signature_of(const xmlNode* domain, const LaunchOptions& options) {
  if (const auto given = signature_in(options)) {
    return given;
  }
  const xmlNode* model = xml::only_child(xml::only_child(domain, "cpu"), "model");
  return model != nullptr ? boot::ovmf::signature_of(xml::trimmed(model)) : std::nullopt;
}

void check_hashes(const xmlNode* security, const xmlNode* os) {
  const xmlNode* kernel = xml::only_child(os, "kernel");
  if (kernel != nullptr && xml::attribute(security, "kernelHashes") != "yes") {
    refuse(kernel,
           text("without <launchSecurity kernelHashes='yes'> QEMU hands kernel, initrd and command line over "
                "unmeasured, and the "
                "host could exchange them unnoticed; add the attribute, and use the AmdSev build of OVMF"));
  }
}

std::vector<std::string> remarks_on(const xmlNode* os, const LaunchOptions& options) {
  std::vector<std::string> remarks = remarks_on_options(options);
  if (xml::only_child(os, "nvram") != nullptr) {
    remarks.push_back(
        text("<nvram>: firmware's variables are not measured, so the host can change them; use a build "
             "without a variable store "
             "(OVMF.amdsev.fd)"));
  }
  return remarks;
}

}  // namespace

bool boots_firmware(const xmlDoc& document) {
  const xmlNode* os = xml::only_child(root_of(document), "os");
  return os != nullptr && (xml::attribute(os, "firmware") || xml::only_child(os, "loader") != nullptr ||
                           xml::only_child(os, "nvram") != nullptr);
}

ExpectedLaunch from_qemu_domain(const xmlDoc& document, const LaunchOptions& options) {
  const xmlNode* domain = root_of(document);
  const xmlNode* os = xml::only_child(domain, "os");
  const xmlNode* security = security_of(domain);
  FirmwareGuest guest;
  guest.policy = policy_in(security, options);
  guest.image = image_in(os, options);
  check_hashes(security, os);
  guest.kernel = file_in(os, "kernel", "--kernel", options.kernel);
  guest.initrd = file_in(os, "initrd", "--initrd", options.initrd);
  const xmlNode* command_line = xml::only_child(os, "cmdline");
  guest.command_line = options.command_line_given ? options.command_line
                       : command_line != nullptr  ? xml::content(command_line)
                                                  : "";
  guest.vcpus = vcpus_in(domain, options);
  guest.cpu_signature = signature_of(domain, options);
  guest.known_digest = known_digest_in(options);
  if (guest.policy.has(sevcore::PolicyBit::kEs) && !guest.cpu_signature) {
    const xmlNode* cpu = xml::only_child(domain, "cpu");
    refuse(cpu != nullptr ? cpu : domain,
           text("it names no vCPU model that virtsev knows (with host-passthrough and host-model, it is the "
                "host's own), and SEV-ES "
                "measures the model: give --cpu-model ({}) or --cpu-signature",
                boot::ovmf::known_models()));
  }
  ExpectedLaunch launch = open_guest(guest);
  launch.remarks = remarks_on(os, options);
  launch.variables_of_host = xml::only_child(os, "nvram") != nullptr;
  return launch;
}

}  // namespace virtsev::cli
