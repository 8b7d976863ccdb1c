// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/qemu/qemu_domain.hpp"

#include "domain-xml/xml/node.hpp"
#include "driver/spec-from-xml/qemu/firmware_guest.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/cpu_model.hpp"

namespace virtsev::spec {
namespace {

namespace xml = domain_xml;

/// As many as QEMU's own greatest machine has.
constexpr std::uint64_t kMaxVcpus = 4096;

constexpr const char* kSnpType = "sev-snp";

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
  if (type != "sev" && type != kSnpType) {
    refuse(
        security,
        text("type='{}': virtsev predicts launches of type 'sev' (SEV and SEV-ES) and 'sev-snp' only", type));
  }
  return security;
}

sevcore::Protection protection_in(const xmlNode* security, const OwnersValues& values) {
  const xmlNode* element = xml::only_child(security, "policy");
  const std::string digits = element != nullptr ? xml::trimmed(element) : "";
  const auto at_fault = [&] { return element != nullptr ? element : security; };
  if (xml::attribute(security, "type") == kSnpType) {
    const auto policy = sevcore::parse_xml_snp_policy(digits);
    if (!policy) {
      refuse(at_fault(), text("its policy is missing, or is not a number of base 16"));
    }
    return sevcore::Snp{*policy, values.guest_features.value_or(sevcore::Snp::kDefaultFeatures)};
  }
  if (values.guest_features) {
    refuse(security, text("--guest-features belongs to SEV-SNP; leave it out"));
  }
  const auto policy = sevcore::parse_xml_policy(digits);
  if (!policy) {
    refuse(at_fault(), text("its policy is missing, or is not a number of base 16"));
  }
  return sevcore::make_protection(*policy);
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

NamedFile image_in(const xmlNode* os, const OwnersValues& values) {
  if (!values.firmware.empty()) {
    return {"--firmware", values.firmware};
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

std::uint32_t vcpus_in(const xmlNode* domain, const OwnersValues& values) {
  const xmlNode* element = xml::only_child(domain, "vcpu");
  if (values.vcpus != 0 || element == nullptr) {
    return values.vcpus != 0 ? values.vcpus : 1;
  }
  // Those that are plugged in later have no VMSA at launch.
  const std::string digits = xml::attribute(element, "current").value_or(xml::trimmed(element));
  const auto number = xml::parse_number(digits);
  if (!number || *number == 0 || *number > kMaxVcpus) {
    refuse(element, text("'{}' is not a number of vCPUs from 1 to {}", digits, kMaxVcpus));
  }
  return static_cast<std::uint32_t>(*number);
}

std::optional<std::uint32_t> signature_of(const xmlNode* domain, const OwnersValues& values) {
  if (values.cpu_signature) {
    return values.cpu_signature;
  }
  const xmlNode* model = xml::only_child(xml::only_child(domain, "cpu"), "model");
  return model != nullptr ? machine::signature_of(xml::trimmed(model)) : std::nullopt;
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

}  // namespace

bool boots_firmware(const xmlDoc& document) {
  const xmlNode* os = xml::only_child(root_of(document), "os");
  return os != nullptr && (xml::attribute(os, "firmware") || xml::only_child(os, "loader") != nullptr ||
                           xml::only_child(os, "nvram") != nullptr);
}

QemuMachine open_qemu_domain(const xmlDoc& document, const OwnersValues& values) {
  const xmlNode* domain = root_of(document);
  const xmlNode* os = xml::only_child(domain, "os");
  const xmlNode* security = security_of(domain);
  FirmwareGuest guest;
  guest.protection = protection_in(security, values);
  guest.image = image_in(os, values);
  check_hashes(security, os);
  guest.kernel = file_in(os, "kernel", "--kernel", values.kernel);
  guest.initrd = file_in(os, "initrd", "--initrd", values.initrd);
  const xmlNode* command_line = xml::only_child(os, "cmdline");
  guest.command_line =
      values.command_line.value_or(command_line != nullptr ? xml::content(command_line) : "");
  guest.vcpus = vcpus_in(domain, values);
  guest.cpu_signature = signature_of(domain, values);
  guest.known_digest = values.firmware_digest;
  if (sevcore::encrypts_state(guest.protection) && !guest.cpu_signature) {
    const xmlNode* cpu = xml::only_child(domain, "cpu");
    refuse(cpu != nullptr ? cpu : domain,
           text("it names no vCPU model that virtsev knows (with host-passthrough and host-model, it is the "
                "host's own), and {} measures the model: give --cpu-model ({}) or --cpu-signature",
                sevcore::name_of(guest.protection), machine::known_models()));
  }
  return {open_guest(guest), xml::only_child(os, "nvram") != nullptr};
}

}  // namespace virtsev::spec
