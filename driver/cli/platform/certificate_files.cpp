// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/certificate_files.hpp"

#include <algorithm>
#include <string_view>

#include <unistd.h>

#include "driver/cli/io/files.hpp"
#include "driver/cli/platform/chip_id.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

constexpr std::size_t kMaxFile = 1U << 20;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

/// Base64, also of several pieces one after the other, as PDH and chain are printed; nothing where it is
/// none.
std::optional<Bytes> decode_pieces(std::string_view digits) {
  Bytes all;
  while (!digits.empty()) {
    const std::size_t padding = std::min(digits.find('='), digits.size());
    const std::size_t end = std::min(digits.find_first_not_of('=', padding), digits.size());
    const auto piece = from_base64(digits.substr(0, end));
    if (!piece) {
      return std::nullopt;
    }
    all.insert(all.end(), piece->begin(), piece->end());
    digits.remove_prefix(end);
  }
  return all;
}

Bytes decode(Bytes content) {
  auto decoded = decode_pieces({reinterpret_cast<const char*>(content.data()), content.size()});
  return decoded ? std::move(*decoded) : std::move(content);
}

template <typename T>
void put(std::optional<T>& place, const T& certificate, const std::string& name, std::string_view kind) {
  if (place && !(*place == certificate)) {
    refuse(text("{}: holds a second {} certificate, and it differs from the first", name, kind));
  }
  place = certificate;
}

void put(CertificateSet& set, const sevcore::SevCertificate& certificate, const std::string& name) {
  const std::string_view kind = sevcore::name_of(certificate.usage);
  switch (certificate.usage) {
    case sevcore::KeyUsage::kPdh:
      return put(set.pdh, certificate, name, kind);
    case sevcore::KeyUsage::kPek:
      return put(set.pek, certificate, name, kind);
    case sevcore::KeyUsage::kOca:
      return put(set.oca, certificate, name, kind);
    case sevcore::KeyUsage::kCek:
      return put(set.cek, certificate, name, kind);
    default:
      refuse(text("{}: a {} certificate has no place here", name, kind));
  }
}

/// How many bytes the AMD certificate at the start of `bytes` takes; it is put into the set.
std::size_t take_amd(CertificateSet& set, ByteView bytes, const std::string& name) {
  const std::size_t length = std::min(bytes.size(), sevcore::amd_certificate_size(bytes));
  // Where its numbers say no length, the parser says why.
  const auto amd = sevcore::parse_amd_certificate(length == 0 ? bytes : bytes.first(length));
  if (!amd) {
    refuse(text("{}: the AMD certificate (ASK or ARK) {}", name, sevcore::explain(amd.error())));
  }
  put(amd->usage == sevcore::KeyUsage::kAsk ? set.ask : set.ark, *amd, name, sevcore::name_of(amd->usage));
  return length;
}

/// The same for a certificate of either format.
std::size_t take_one(CertificateSet& set, ByteView bytes, const std::string& name) {
  const std::size_t length = std::min(bytes.size(), sevcore::SevCertificate::kSize);
  const auto sev = sevcore::parse_sev_certificate(bytes.first(length));
  if (sev) {
    put(set, *sev, name);
    return length;
  }
  if (sevcore::looks_like_amd_certificate(bytes)) {
    return take_amd(set, bytes, name);
  }
  refuse(text("{}: no certificate of a platform at this place, it {}", name, sevcore::explain(sev.error())));
}

/// What `virtsev platform export` left beside the certificates, if it did.
void find_chip_id(CertificateSet& set, const std::string& certificates) {
  const std::string path = chip_id_file(certificates);
  if (set.chip_id.empty() && ::access(path.c_str(), R_OK) == 0) {
    const Bytes content = read_file(path, 4096);
    set.chip_id = read_chip_id(std::string(content.begin(), content.end()), path);
  }
}

}  // namespace

std::string CertificateSet::missing() const {
  std::string names;
  const auto name = [&names](bool there, const char* kind) {
    if (!there) {
      names += (names.empty() ? "" : ", ") + std::string(kind);
    }
  };
  name(pdh.has_value(), "PDH");
  name(pek.has_value(), "PEK");
  name(oca.has_value(), "OCA");
  name(cek.has_value(), "CEK");
  return names;
}

sevcore::PlatformCertificates CertificateSet::platform() const {
  if (!complete()) {
    refuse(text("of the platform's certificates these are missing: {}", missing()));
  }
  return {*pdh, *pek, *oca, *cek, ask, ark};
}

void CertificateSet::replace_cek(const CertificateSet& other, const std::string& path) {
  if (!other.cek) {
    refuse(text("{}: holds no CEK certificate", path));
  }
  if (cek && !(cek->key == other.cek->key)) {
    refuse(text("{}: is the CEK of another platform", path));
  }
  cek = other.cek;
  ask = other.ask ? other.ask : ask;
  ark = other.ark ? other.ark : ark;
}

ByteArray<32> key_digest(const sevcore::SevCertificate& certificate) {
  Bytes point(certificate.key.x.begin(), certificate.key.x.end());
  point.insert(point.end(), certificate.key.y.begin(), certificate.key.y.end());
  return sevcore::crypto::sha256(point);
}

void add_certificates(CertificateSet& set, ByteView bytes, const std::string& name) {
  if (bytes.empty()) {
    refuse(text("{}: is empty", name));
  }
  for (std::size_t at = 0; at < bytes.size();) {
    at += take_one(set, bytes.subspan(at), at == 0 ? name : text("{} (byte {})", name, at));
  }
}

CertificateSet read_certificates(const std::vector<std::string>& paths) {
  CertificateSet set;
  for (const std::string& path : paths) {
    add_certificates(set, decode(read_file(path, kMaxFile)), path);
    find_chip_id(set, path);
  }
  return set;
}

}  // namespace virtsev::cli
