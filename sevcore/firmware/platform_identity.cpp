// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/firmware/platform_identity.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "sevcore/abi/firmware_version.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/certificates/make_certificates.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::string_view kMagic = "virtsev-identity";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kVersionOffset = 16;
constexpr std::size_t kLengthOffset = 20;
constexpr std::size_t kBodyOffset = 24;
constexpr std::size_t kDigestSize = 32;
constexpr std::size_t kCertificates = 4;
constexpr ApiVersion kApi{kFirmwareVersion.api_major, kFirmwareVersion.api_minor};

void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void append_key(Bytes& out, const crypto::EcKey& key) {
  Bytes der = key.to_der();
  append_le<std::uint32_t>(out, static_cast<std::uint32_t>(der.size()));
  append(out, der);
  crypto::wipe(der);
}

/// Reads a file that its checksum has vouched for, front to back.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  std::optional<ByteView> take(std::size_t length) {
    if (length > rest_.size()) {
      return std::nullopt;
    }
    const ByteView out = rest_.first(length);
    rest_ = rest_.subspan(length);
    return out;
  }
  std::optional<crypto::EcKey> take_key() {
    const auto length = take(4);
    const auto der = length ? take(get_le<std::uint32_t>(*length, 0)) : std::nullopt;
    if (!der) {
      return std::nullopt;
    }
    try {
      return crypto::EcKey::from_der(*der);
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  /// Takes a length of 0 in a key's place, where one stands there.
  bool skip_empty() {
    if (rest_.size() < 4 || get_le<std::uint32_t>(rest_, 0) != 0) {
      return false;
    }
    rest_ = rest_.subspan(4);
    return true;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

std::optional<PlatformIdentity> parse_body(ByteView body) {
  Reader reader(body);
  const auto chip_id = reader.take(64);
  const auto certificates = reader.take(kCertificates * SevCertificate::kSize);
  if (!chip_id || !certificates) {
    return std::nullopt;
  }
  auto parsed = parse_platform_certificates(*certificates);
  auto cek = reader.take_key();
  const bool owned = reader.skip_empty();
  std::optional<crypto::EcKey> oca = owned ? std::nullopt : reader.take_key();
  auto pek = reader.take_key();
  auto pdh = reader.take_key();
  if (!parsed || !cek || (!owned && !oca) || !pek || !pdh || !reader.at_end()) {
    return std::nullopt;
  }
  PlatformIdentity identity{
      {}, std::move(*cek), std::move(oca), std::move(*pek), std::move(*pdh), std::move(*parsed)};
  std::copy(chip_id->begin(), chip_id->end(), identity.chip_id.begin());
  return identity;
}

}  // namespace

PlatformIdentity make_platform_identity() {
  PlatformIdentity identity{{},
                            crypto::EcKey::generate(),
                            crypto::EcKey::generate(),
                            crypto::EcKey::generate(),
                            crypto::EcKey::generate(),
                            {}};
  crypto::fill_random(identity.chip_id);
  identity.certificates.cek = make_cek(identity.cek.public_point(), kApi);
  renew_pek(identity);
  return identity;
}

void renew_pek(PlatformIdentity& identity) {
  identity.oca = crypto::EcKey::generate();
  identity.pek = crypto::EcKey::generate();
  identity.certificates.oca = make_oca(*identity.oca);
  identity.certificates.pek = make_pek(identity.pek.public_point(), kApi, *identity.oca, identity.cek);
  renew_pdh(identity);
}

void renew_pdh(PlatformIdentity& identity) {
  identity.pdh = crypto::EcKey::generate();
  identity.certificates.pdh = make_pdh(identity.pdh.public_point(), kApi, identity.pek);
}

SevCertificate pek_request(const PlatformIdentity& identity) {
  return make_pek_request(identity.pek.public_point(), kApi);
}

void take_owner(PlatformIdentity& identity, const SevCertificate& pek, const SevCertificate& oca) {
  identity.oca.reset();
  identity.certificates.oca = oca;
  identity.certificates.pek = pek;
  sign(identity.certificates.pek, pek.signatures[0].present() ? 1 : 0, KeyUsage::kCek, identity.cek);
  renew_pdh(identity);
}

Bytes serialise(const PlatformIdentity& identity) {
  Bytes out;
  append(out, bytes_of(kMagic));
  append_le<std::uint32_t>(out, kVersion);
  append_le<std::uint32_t>(out, 0);
  append(out, identity.chip_id);
  append(out, serialise(identity.certificates.pdh));
  append(out, serialise_chain(identity.certificates));
  append_key(out, identity.cek);
  if (identity.oca) {
    append_key(out, *identity.oca);
  } else {
    append_le<std::uint32_t>(out, 0);
  }
  append_key(out, identity.pek);
  append_key(out, identity.pdh);
  put_le<std::uint32_t>(out, kLengthOffset, static_cast<std::uint32_t>(out.size() + kDigestSize));
  append(out, crypto::sha256(out));
  return out;
}

std::size_t stated_identity_size(ByteView bytes) {
  return bytes.size() < kBodyOffset ? 0 : get_le<std::uint32_t>(bytes, kLengthOffset);
}

Result<PlatformIdentity, IdentityFault> parse_platform_identity(ByteView bytes) {
  const std::size_t magic_part = std::min(bytes.size(), kMagic.size());
  const ByteView magic = bytes_of(kMagic).first(magic_part);
  if (!std::equal(magic.begin(), magic.end(), bytes.begin())) {
    return unexpected(IdentityFault::kForeign);
  }
  if (bytes.size() < kBodyOffset + kDigestSize) {
    return unexpected(IdentityFault::kTorn);
  }
  if (get_le<std::uint32_t>(bytes, kVersionOffset) > kVersion) {
    return unexpected(IdentityFault::kVersion);
  }
  const std::size_t signed_size = bytes.size() - kDigestSize;
  const ByteArray<32> digest = crypto::sha256(bytes.first(signed_size));
  if (get_le<std::uint32_t>(bytes, kLengthOffset) != bytes.size() ||
      get_le<std::uint32_t>(bytes, kVersionOffset) != kVersion ||
      !std::equal(digest.begin(), digest.end(), bytes.begin() + static_cast<std::ptrdiff_t>(signed_size))) {
    return unexpected(IdentityFault::kTorn);
  }
  auto identity = parse_body(bytes.subspan(kBodyOffset, signed_size - kBodyOffset));
  if (!identity) {
    return unexpected(IdentityFault::kTorn);
  }
  return std::move(*identity);
}

}  // namespace virtsev::sevcore
