// SPDX-License-Identifier: LGPL-2.1-or-later
// <launchSecurity type='sev'>: libvirt, "Domain XML format", Launch Security.
#include <limits>

#include "domain-xml/base64.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// SEV API (AMD document 55766): a certificate is 0x824 bytes long, session data 128.
constexpr std::size_t kCertificateBytes = 2084;
constexpr std::size_t kSessionBytes = 128;
/// A physical address has at most 52 bits, so there is no C-bit, and no reduction, beyond.
constexpr std::uint32_t kMaxAddressBit = 63;

sevcore::Policy read_policy(xmlNode* security) {
  xmlNode* element = only_child(security, "policy");
  if (element == nullptr) {
    refuse(ErrorCode::kXmlError, security,
           text("its <policy> is missing, and is never guessed; write <policy>0x0007</policy> for SEV-ES or "
                "<policy>0x0003</policy> for SEV"));
  }
  const std::string digits = trimmed(element);
  const std::optional<sevcore::Policy> policy = sevcore::parse_xml_policy(digits);
  if (!policy) {
    refuse(ErrorCode::kXmlError, element,
           text("'{}' is no policy; write up to 8 hexadecimal digits, as in 0x0007", digits));
  }
  try {
    sevcore::check(*policy);
  } catch (const Error& error) {
    refuse(error.code(), element, error.what());
  }
  set_content(element, fmt::format("0x{:04x}", policy->value()));
  return *policy;
}

std::optional<std::uint32_t> read_bits(xmlNode* security, const char* name) {
  xmlNode* element = only_child(security, name);
  if (element == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> number = parse_number(trimmed(element));
  if (!number || *number > kMaxAddressBit) {
    refuse(ErrorCode::kXmlError, element,
           text("'{}' has to be a decimal number up to {}; remove the element, and the host's own is used",
                trimmed(element), kMaxAddressBit));
  }
  set_content(element, std::to_string(*number));
  return static_cast<std::uint32_t>(*number);
}

/// Base64 without white space; empty where the element is not there, or says nothing.
std::string read_blob(xmlNode* security, const char* name, std::size_t size) {
  xmlNode* element = only_child(security, name);
  if (element == nullptr) {
    return {};
  }
  std::string written = content(element);
  std::erase_if(written, [](char c) { return trim({&c, 1}).empty(); });
  if (written.empty()) {
    remove(element);
    return {};
  }
  const std::optional<std::size_t> decoded = base64_decoded_size(written);
  if (!decoded) {
    refuse(ErrorCode::kXmlError, element,
           text("it is not base64; write the file that 'virtsev session' made, as it is"));
  }
  if (*decoded != size) {
    refuse(ErrorCode::kXmlError, element,
           text("it decodes to {} bytes instead of {}; write the file that 'virtsev session' made, as it is",
                *decoded, size));
  }
  set_content(element, written);
  return written;
}

std::optional<bool> read_kernel_hashes(xmlNode* security) {
  const std::optional<std::string> written = attribute(security, "kernelHashes");
  if (written && *written != "yes" && *written != "no") {
    refuse(ErrorCode::kXmlError, security, text("kernelHashes='{}' has to be 'yes' or 'no'", *written));
  }
  return written ? std::optional<bool>(*written == "yes") : std::nullopt;
}

void check_type(xmlNode* security) {
  const std::string type = attribute(security, "type").value_or("");
  if (type.empty()) {
    refuse(ErrorCode::kXmlError, security, text("its type is missing; write <launchSecurity type='sev'>"));
  }
  if (type != "sev") {
    refuse(ErrorCode::kConfigUnsupported, security,
           text("type='{}' is not there; write type='sev', with policy bit 2 for SEV-ES", type));
  }
}

}  // namespace

void read_launch_security(xmlNode* domain, DomainDefinition& definition) {
  xmlNode* security = only_child(domain, "launchSecurity");
  if (security == nullptr) {
    return;
  }
  check_type(security);
  // "handle" is in libvirt's schema, and read by nobody.
  allow_only(security, {"cbitpos", "reducedPhysBits", "policy", "handle", "dhCert", "session"});
  LaunchSecurity read;
  read.policy = read_policy(security);
  read.c_bit_position = read_bits(security, "cbitpos");
  read.reduced_phys_bits = read_bits(security, "reducedPhysBits");
  read.kernel_hashes = read_kernel_hashes(security);
  read.dh_certificate = read_blob(security, "dhCert", kCertificateBytes);
  read.session = read_blob(security, "session", kSessionBytes);
  if (read.dh_certificate.empty() != read.session.empty()) {
    refuse(
        ErrorCode::kConfigUnsupported, security,
        read.session.empty()
            ? text("<dhCert> is given without <session>; 'virtsev session' makes both, write both or none")
            : text("<session> is given without <dhCert>; 'virtsev session' makes both, write both or none"));
  }
  put_in_order(security, {"cbitpos", "reducedPhysBits", "policy", "handle", "dhCert", "session"});
  definition.launch_security = read;
}

}  // namespace virtsev::domain_xml
