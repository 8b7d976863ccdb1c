// SPDX-License-Identifier: LGPL-2.1-or-later
// What an owner has done with the launches of a session: a file beside the TIK. A session can start many
// guests, and each of their measurements fits for ever; so a host could show an old one for a guest that it
// has made since. Each launch has a nonce of the firmware's in its measurement, and the record knows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sevcore/base/bytes.hpp"

namespace virtsev::cli {

/// What was done with a launch, each more than the one before it.
enum class LaunchStep : std::uint8_t {
  kVerified,  ///< Its measurement fitted
  kPacked,    ///< `secret` packed a secret for it
  kFinished   ///< `attest` let it run
};

/// Whether its measurement covers the kernel (unmeasured.hpp), as far as that was looked at.
enum class KernelCover : std::uint8_t { kUnknown, kCovered, kNotCovered };

struct KnownLaunch {
  LaunchStep step = LaunchStep::kVerified;
  KernelCover kernel = KernelCover::kUnknown;
  std::string when;  ///< UTC, ISO 8601, of that step
};

/// As many lines as a record has at most; there are up to three for a launch.
inline constexpr std::size_t kMostRecorded = 4096;

/// The folder of the record of this TIK; nothing where that is no file of a folder ("-", /dev/fd/3).
std::optional<std::string> record_directory(const std::string& tik);

/// What is known of the launch with this nonce, before what is told now; that is written, unless it was
/// known, and on the disk when this returns. The file is locked meanwhile: of two that tell the same, one is
/// the first. Throws Error naming the file: it can't be written, is damaged, or full.
std::optional<KnownLaunch> record_launch(const std::string& directory, const ByteArray<16>& nonce,
                                         LaunchStep step, KernelCover kernel);

/// The same, and tells nothing; nothing where there is no record.
std::optional<KnownLaunch> find_launch(const std::string& directory, const ByteArray<16>& nonce);

/// Throws Error where no launch could be recorded: to be asked before a guest is started.
void check_record(const std::string& directory);

/// For a new session, under whose keys nothing was ever launched.
void forget_launches(const std::string& directory);

/// For people, of a launch that is known: that it has been seen before, when, and what was done.
std::string describe(const KnownLaunch& known);

}  // namespace virtsev::cli
