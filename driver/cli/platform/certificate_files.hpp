// SPDX-License-Identifier: LGPL-2.1-or-later
// Platform certificates as files have them: one or many in a file, binary or base64, in any order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sevcore/certificates/platform_certificates.hpp"

namespace virtsev::cli {

/// What was found, by what it is.
struct CertificateSet {
  std::optional<sevcore::SevCertificate> pdh, pek, oca, cek;
  std::optional<sevcore::AmdCertificate> ask, ark;
  Bytes chip_id;  ///< 64 bytes (chip_id.hpp), or empty: not known

  /// PDH, PEK, OCA and CEK are there.
  [[nodiscard]] bool complete() const { return pdh && pek && oca && cek; }
  /// The names of those that are not, for people.
  [[nodiscard]] std::string missing() const;
  /// Needs a complete set.
  [[nodiscard]] sevcore::PlatformCertificates platform() const;
  /// Takes the CEK of `other`, and its ASK and ARK if it has them. Throws Error naming `path` where it has no
  /// CEK, or one with another key.
  void replace_cek(const CertificateSet& other, const std::string& path);
};

/// SHA-256 of a certificate's public point, x and y big-endian: what `virtsev platform show` prints.
ByteArray<32> key_digest(const sevcore::SevCertificate& certificate);

/// Splits files into certificates: what sevctl, sev-tool and virtsev export. The chip's id is taken from the
/// file that `virtsev platform export` writes beside one of them. Throws Error naming the file, and what in
/// it is not a certificate, or stands there twice.
CertificateSet read_certificates(const std::vector<std::string>& paths);

/// The same from bytes; `name` stands for the file in messages.
void add_certificates(CertificateSet& set, ByteView bytes, const std::string& name);

}  // namespace virtsev::cli
