// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a platform's certificates can be trusted, in the words and numbers of the command line.
#pragma once

#include <cstdint>
#include <string>

#include "driver/cli/commands.hpp"
#include "sevcore/certificates/platform_certificates.hpp"

namespace virtsev::cli {

struct ChainVerdict {
  enum class Kind : std::uint8_t {
    kSimulated,    ///< Holds, up to the published simulated root
    kUnknownRoot,  ///< Holds, up to a root that virtsev does not know
    kBroken
  };
  Kind kind = Kind::kBroken;
  std::string explanation;  ///< A sentence without a full stop
  [[nodiscard]] ExitStatus status() const {
    return kind == Kind::kSimulated ? ExitStatus::kSimulated : ExitStatus::kNo;
  }
  /// For scripts: "simulated", "unknown-root", "broken".
  [[nodiscard]] const char* word() const;
};

ChainVerdict judge(const sevcore::PlatformCertificates& certificates);

}  // namespace virtsev::cli
