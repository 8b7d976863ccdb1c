// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a platform's certificates can be trusted, in the words and numbers of the command line.
#pragma once

#include <cstdint>
#include <string>

#include "driver/cli/io/exit_status.hpp"
#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::cli {

struct ChainVerdict {
  enum class Kind : std::uint8_t {
    kAmd,          ///< Holds, up to AMD's root
    kSimulated,    ///< Holds, up to the published simulated root
    kUnknownRoot,  ///< Holds, up to a root that virtsev does not know
    kUnsigned,     ///< The CEK has no signature, as firmware exports it
    kBroken
  };
  Kind kind = Kind::kBroken;
  std::string explanation;  ///< A sentence without a full stop
  std::string product;      ///< kAmd: "EPYC 7003 (Milan)"
  std::string cek_address;  ///< kUnsigned, the chip's id being known: where AMD has the signed CEK
  [[nodiscard]] ExitStatus status() const;
  /// For scripts: "amd", "simulated", "unknown-root", "unsigned-cek", "broken".
  [[nodiscard]] const char* word() const;
};

/// Needs a complete set.
ChainVerdict judge(const CertificateSet& set);

}  // namespace virtsev::cli
