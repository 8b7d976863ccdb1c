// SPDX-License-Identifier: LGPL-2.1-or-later
// <launchSecurity type='sev'>: libvirt, "Domain XML format", Launch Security.
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/sev_certificate.hpp"

namespace virtsev::domain_xml {
namespace {

/// SEV API (AMD document 55766), LAUNCH_START, session data.
constexpr std::size_t kSessionBytes = 128;
/// A physical address has at most 52 bits, so there is no C-bit, and no reduction, beyond.
constexpr std::uint32_t kMaxAddressBit = 63;

/// What to write where no policy can be read: one that the rest of the document goes with.
std::string policy_cure(const xmlNode* domain) {
  return has_what_sev_es_forbids(domain)
             ? text(
                   "write <policy>0x0003</policy> for SEV (0x0007, for SEV-ES, does not go with what else "
                   "stands here)")
             : text("write <policy>0x0007</policy> for SEV-ES or <policy>0x0003</policy> for SEV");
}

/// No bit at all where it can't be read; without the bits that can't be where there are some.
sevcore::Policy read_policy(const xmlNode* domain, xmlNode* security, Problems& problems) {
  xmlNode* element = only_child(security, "policy", problems);
  if (element == nullptr) {
    problems.add(ErrorCode::kXmlError, security,
                 text("its <policy> is missing, and is never guessed; {}", policy_cure(domain)));
    return {};
  }
  const std::string digits = trimmed(element);
  const std::optional<sevcore::Policy> policy = sevcore::parse_xml_policy(digits);
  if (!policy) {
    problems.add(
        ErrorCode::kXmlError, element,
        text("'{}' is not a policy, which is up to 8 hexadecimal digits; {}", digits, policy_cure(domain)));
    return {};
  }
  try {
    sevcore::check(*policy);
  } catch (const Error& error) {
    problems.add(error.code(), element, error.what());
  }
  set_content(element, fmt::format("0x{:04x}", policy->value()));
  return sevcore::Policy(policy->value() & ~policy->reserved());
}

std::optional<std::uint32_t> read_bits(xmlNode* security, const char* name, Problems& problems) {
  xmlNode* element = only_child(security, name, problems);
  if (element == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> number = parse_number(trimmed(element));
  if (!number || *number > kMaxAddressBit) {
    problems.add(
        ErrorCode::kXmlError, element,
        text("'{}' has to be a decimal number up to {}; remove the element, and the host's own is used",
             trimmed(element), kMaxAddressBit));
    return std::nullopt;
  }
  set_content(element, std::to_string(*number));
  return static_cast<std::uint32_t>(*number);
}

/// What an element holds: base64 as it was written, without white space, and the bytes that it stands for.
struct Blob {
  std::string written;
  Bytes bytes;  ///< Empty, too, where it is wrong
};

std::string as_made() { return text("write what 'virtsev session' or sevctl made, unchanged"); }

/// Both empty where the element is not there, or says nothing.
Blob read_blob(xmlNode* security, const char* name, std::size_t size, Problems& problems) {
  xmlNode* element = only_child(security, name, problems);
  if (element == nullptr) {
    return {};
  }
  std::string written = content(element);
  std::erase_if(written, [](char c) { return trim({&c, 1}).empty(); });
  if (written.empty()) {
    remove(element);
    return {};
  }
  const std::optional<Bytes> bytes = from_base64(written);
  if (!bytes) {
    problems.add(ErrorCode::kXmlError, element, text("it is not base64; {}", as_made()));
    return {written, {}};
  }
  if (bytes->size() != size) {
    problems.add(ErrorCode::kXmlError, element,
                 text("it decodes to {} bytes instead of {}; {}", bytes->size(), size, as_made()));
    return {written, {}};
  }
  set_content(element, written);
  return {written, *bytes};
}

void check_certificate(const xmlNode* security, const Bytes& bytes, Problems& problems) {
  const auto certificate = sevcore::parse_sev_certificate(bytes);
  const xmlNode* element = children_named(security, "dhCert").front();
  if (!certificate) {
    problems.add(
        ErrorCode::kXmlError, element,
        text("the guest owner's certificate {}; {}", sevcore::explain(certificate.error()), as_made()));
  } else if (certificate->usage != sevcore::KeyUsage::kPdh) {
    problems.add(ErrorCode::kXmlError, element,
                 text("this is a certificate of kind {}, not a guest owner's Diffie-Hellman certificate; {}",
                      sevcore::name_of(certificate->usage), as_made()));
  }
}

void read_owner(xmlNode* security, LaunchSecurity& read, Problems& problems) {
  const Blob certificate = read_blob(security, "dhCert", sevcore::SevCertificate::kSize, problems);
  read.dh_certificate = certificate.written;
  read.session = read_blob(security, "session", kSessionBytes, problems).written;
  if (read.dh_certificate.empty() != read.session.empty()) {
    problems.add(
        ErrorCode::kConfigUnsupported, security,
        read.session.empty()
            ? text("<dhCert> is given without <session>; 'virtsev session' makes both, write both or none")
            : text("<session> is given without <dhCert>; 'virtsev session' makes both, write both or none"));
  }
  if (!certificate.bytes.empty()) {
    check_certificate(security, certificate.bytes, problems);
  }
}

std::optional<bool> read_kernel_hashes(const xmlNode* security, Problems& problems) {
  const std::optional<std::string> written = attribute(security, "kernelHashes");
  if (written && *written != "yes" && *written != "no") {
    problems.add(ErrorCode::kXmlError, security, text("kernelHashes='{}' has to be 'yes' or 'no'", *written));
  }
  return written ? std::optional<bool>(*written == "yes") : std::nullopt;
}

/// Whoever writes one wants something that only this element could do.
void check_attributes(const xmlNode* security, Problems& problems) {
  for (const xmlAttr* each = security->properties; each != nullptr; each = each->next) {
    const std::string name = reinterpret_cast<const char*>(each->name);
    if (each->ns != nullptr || (name != "type" && name != "kernelHashes")) {
      problems.add(ErrorCode::kConfigUnsupported, security,
                   text("virtsev does not know its attribute '{}'; remove it", name));
    }
  }
}

void check_type(const xmlNode* security, Problems& problems) {
  const std::string type = attribute(security, "type").value_or("");
  if (type.empty()) {
    problems.add(ErrorCode::kXmlError, security,
                 text("its type is missing; write <launchSecurity type='sev'>"));
  } else if (type != "sev") {
    problems.add(ErrorCode::kConfigUnsupported, security,
                 text("type='{}' is not there; write type='sev', with policy bit 2 for SEV-ES", type));
  }
}

Bytes bytes_of_blob(const std::string& written) { return from_base64(written).value_or(Bytes()); }

}  // namespace

sevcore::Protection protection_of(const DomainDefinition& definition) {
  if (!definition.launch_security) {
    return sevcore::Unprotected{};
  }
  const LaunchSecurity& security = *definition.launch_security;
  return sevcore::make_protection(security.policy,
                                  {bytes_of_blob(security.dh_certificate), bytes_of_blob(security.session)});
}

void read_launch_security(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  xmlNode* security = only_child(domain, "launchSecurity", problems);
  if (security == nullptr) {
    return;
  }
  check_attributes(security, problems);
  check_type(security, problems);
  // "handle" is in libvirt's schema, and read by nobody.
  allow_only(security, {"cbitpos", "reducedPhysBits", "policy", "handle", "dhCert", "session"}, problems);
  LaunchSecurity read;
  read.policy = read_policy(domain, security, problems);
  read.c_bit_position = read_bits(security, "cbitpos", problems);
  read.reduced_phys_bits = read_bits(security, "reducedPhysBits", problems);
  read.kernel_hashes = read_kernel_hashes(security, problems);
  read_owner(security, read, problems);
  put_in_order(security, {"cbitpos", "reducedPhysBits", "policy", "handle", "dhCert", "session"});
  definition.launch_security = read;
}

}  // namespace virtsev::domain_xml
