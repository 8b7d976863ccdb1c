// SPDX-License-Identifier: LGPL-2.1-or-later
// Files and buffers that hold a platform's certificates one after the other.
#include "sevcore/certificates/platform_certificates.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::size_t kOne = SevCertificate::kSize;

/// Takes the next certificate off `rest`; keeps the first fault.
class Reader {
 public:
  explicit Reader(ByteView rest) : rest_(rest) {}

  SevCertificate next(const char* name) {
    if (fault_ || rest_.size() < kOne) {
      note(name, CertificateFault::kLength);
      return {};
    }
    const auto certificate = parse_sev_certificate(rest_.first(kOne));
    rest_ = rest_.subspan(kOne);
    if (!certificate) {
      note(name, certificate.error());
      return {};
    }
    return *certificate;
  }

  AmdCertificate next_amd(const char* name) {
    const std::size_t size = std::min(amd_certificate_size(rest_), rest_.size());
    const auto certificate = parse_amd_certificate(rest_.first(size == 0 ? rest_.size() : size));
    rest_ = rest_.subspan(size);
    if (fault_ || !certificate) {
      note(name, certificate ? CertificateFault::kLength : certificate.error());
      return {};
    }
    return *certificate;
  }

  void expect_end() {
    if (!rest_.empty()) {
      note("", CertificateFault::kLength);
    }
  }
  [[nodiscard]] bool at_end() const { return fault_ || rest_.empty(); }
  [[nodiscard]] const std::optional<PlatformFileFault>& fault() const { return fault_; }

 private:
  void note(const char* name, CertificateFault fault) {
    if (!fault_) {
      fault_ = PlatformFileFault{name, fault};
    }
  }
  ByteView rest_;
  std::optional<PlatformFileFault> fault_;
};

}  // namespace

std::string explain(const PlatformFileFault& fault) {
  if (fault.certificate.empty()) {
    return text(
        "the file's length is that of no platform export (PDH, PEK, OCA and CEK; ASK and ARK may follow)");
  }
  return text("the {} certificate {}", fault.certificate, explain(fault.fault));
}

Result<PlatformCertificates, PlatformFileFault> parse_platform_certificates(ByteView bytes) {
  const std::size_t first = std::min(kOne, bytes.size());
  return parse_platform_certificates(bytes.first(first), bytes.subspan(first));
}

Result<PlatformCertificates, PlatformFileFault> parse_platform_certificates(ByteView pdh, ByteView chain) {
  PlatformCertificates certificates;
  Reader first(pdh);
  certificates.pdh = first.next("PDH");
  first.expect_end();
  if (first.fault()) {
    return unexpected(*first.fault());
  }
  Reader rest(chain);
  certificates.pek = rest.next("PEK");
  certificates.oca = rest.next("OCA");
  certificates.cek = rest.next("CEK");
  if (!rest.at_end()) {
    certificates.ask = rest.next_amd("ASK");
    certificates.ark = rest.next_amd("ARK");
    rest.expect_end();
  }
  if (rest.fault()) {
    return unexpected(*rest.fault());
  }
  return certificates;
}

Bytes serialise_chain(const PlatformCertificates& certificates) {
  Bytes bytes;
  for (const SevCertificate* certificate : {&certificates.pek, &certificates.oca, &certificates.cek}) {
    const auto one = serialise(*certificate);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

}  // namespace virtsev::sevcore
