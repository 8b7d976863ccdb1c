// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample.hpp"

#include <stdexcept>

#include "sevcore/base/base64.hpp"
#include "sevcore/certificates/make_certificates.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::domain_xml::test {

std::string sample() {
  return "<domain type='kvm'>\n"                                  // 1
         "  <name>guest</name>\n"                                 // 2
         "  <uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid>\n"  // 3
         "  <memory unit='MiB'>512</memory>\n"                    // 4
         "  <vcpu>2</vcpu>\n"                                     // 5
         "  <os>\n"                                               // 6
         "    <type arch='x86_64' machine='q35'>hvm</type>\n"     // 7
         "    <kernel>/boot/vmlinuz</kernel>\n"                   // 8
         "    <initrd>/boot/initrd.img</initrd>\n"                // 9
         "    <cmdline>console=ttyS0 quiet</cmdline>\n"           // 10
         "  </os>\n"                                              // 11
         "  <features><acpi/></features>\n"                       // 12
         "  <devices>\n"                                          // 13
         "    <serial type='pty'/>\n"                             // 14
         "  </devices>\n"                                         // 15
         "  <launchSecurity type='sev'>\n"                        // 16
         "    <policy>0x0007</policy>\n"                          // 17
         "  </launchSecurity>\n"                                  // 18
         "</domain>\n";                                           // 19
}

std::string changed(std::string document, std::string_view piece, std::string_view replacement) {
  const std::size_t at = document.find(piece);
  if (at == std::string::npos) {
    throw std::logic_error("the document does not hold " + std::string(piece));
  }
  return document.replace(at, piece.size(), replacement);
}

std::string with(std::string_view piece, std::string_view replacement) {
  return changed(sample(), piece, replacement);
}

std::string with_device(std::string_view elements) { return with("<serial type='pty'/>", elements); }

std::string with_feature(std::string_view elements) { return with("<acpi/>", elements); }

std::string with_security(std::string_view elements) {
  return with("<policy>0x0007</policy>", "<policy>0x0007</policy>" + std::string(elements));
}

std::string plain_sev(std::string_view piece, std::string_view replacement) {
  return changed(with("0x0007", "0x0001"), piece, replacement);
}

std::string certificate() {
  static const std::string kCertificate = to_base64(
      sevcore::serialise(sevcore::make_godh(sevcore::crypto::EcKey::generate().public_point(), {})));
  return kCertificate;
}

std::string session() { return to_base64(Bytes(128, 0x5a)); }

testing::AssertionResult refuses(const std::string& xml, ErrorCode code, const std::string& text,
                                 const ParseOptions& options) {
  try {
    parse(xml, options);
  } catch (const Error& error) {
    if (error.code() == code && error.what() == text) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << "refused with code " << static_cast<int>(error.code()) << ": " << error.what();
  }
  return testing::AssertionFailure() << "was accepted:\n" << xml;
}

testing::AssertionResult holds(const std::string& document, std::string_view piece) {
  if (document.find(piece) != std::string::npos) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "'" << piece << "' is not in\n" << document;
}

}  // namespace virtsev::domain_xml::test
