// SPDX-License-Identifier: LGPL-2.1-or-later
// The certificates of one platform together, as its firmware exports them, and whether they hold up to a
// root.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sevcore/certificates/amd_certificate.hpp"
#include "sevcore/certificates/sev_certificate.hpp"

namespace virtsev::sevcore {

struct PlatformCertificates {
  SevCertificate pdh;
  SevCertificate pek;
  SevCertificate oca;
  SevCertificate cek;  ///< Unsigned as AMD's firmware exports it; the signed one is had from AMD
  std::optional<AmdCertificate> ask;
  std::optional<AmdCertificate> ark;
};

/// Which certificate of a file is at fault, and how.
struct PlatformFileFault {
  std::string certificate;  ///< "PDH", ..., or empty: the file's length fits no format
  CertificateFault fault = CertificateFault::kLength;
};
std::string explain(const PlatformFileFault& fault);

/// PDH, PEK, OCA, CEK in that order, as sevctl's export writes them; ASK and ARK may follow.
Result<PlatformCertificates, PlatformFileFault> parse_platform_certificates(ByteView bytes);

/// As PDH_CERT_EXPORT and libvirt's nodesevinfo give them: the PDH, and the chain PEK, OCA, CEK.
Result<PlatformCertificates, PlatformFileFault> parse_platform_certificates(ByteView pdh, ByteView chain);

/// PEK, OCA, CEK: 6252 bytes.
Bytes serialise_chain(const PlatformCertificates& certificates);

/// The links of a chain, in the order in which they are checked.
enum class ChainLink : std::uint8_t {
  kUsages,  ///< Each certificate is of the kind that its place asks for
  kArkByArk,
  kAskMissing,  ///< An ARK came alone, and it is none whose ASK is known
  kAskByArk,
  kCekUnsigned,  ///< As AMD's firmware exports it
  kCekByAsk,
  kOcaByOca,
  kPekByCek,
  kPekByOca,
  kPdhByPek,
};
/// For people: "the CEK is not signed by the ASK".
std::string explain(ChainLink broken);

/// Where a chain that holds ends.
enum class ChainRoot : std::uint8_t {
  kAmd,        ///< At a key of AMD's: a processor of theirs has this platform's keys
  kSimulated,  ///< At virtsev's published key: no hardware protects this platform, and anybody can make such
               ///< a chain
  kUnknown,    ///< At an ARK that came with the chain, and that virtsev does not know
};

struct ChainEnd {
  ChainRoot root = ChainRoot::kUnknown;
  std::string_view product;  ///< kAmd: "EPYC 7003 (Milan)"
};

/// Checks every link up to the ARK, and says which one does not hold. Where ASK or ARK are not given, those
/// that virtsev knows (AMD's, then the simulated ones) take their place; a given ASK or ARK has to hold
/// itself.
Result<ChainEnd, ChainLink> verify_chain(const PlatformCertificates& certificates);

}  // namespace virtsev::sevcore
