// SPDX-License-Identifier: LGPL-2.1-or-later
// Values on the command line, read strictly.
#pragma once

#include <cstdint>
#include <string>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/launch/policy.hpp"
#include "sevcore/launch/snp_policy.hpp"

namespace virtsev::cli {

/// --policy: 0x-prefixed hex or decimal, no reserved bits. Throws Error saying what to write.
sevcore::Policy read_policy(const std::string& digits);

/// --policy of SEV-SNP, in the same way. Throws Error.
sevcore::SnpPolicy read_snp_policy(const std::string& digits);

/// --guest-features, in the same way; bit 0, SEV-SNP itself, has to be set. Throws Error.
std::uint64_t read_guest_features(const std::string& digits);

/// --api MAJOR.MINOR and --build B, as `virsh domlaunchsecinfo` prints them. Throws Error.
sevcore::FirmwareVersion read_firmware_version(const std::string& api, unsigned build);

/// --measurement: base64 of 48 bytes. Throws Error.
sevcore::Measurement read_measurement(const std::string& base64);

/// SHA-256 of something that is there: 64 hex digits, neither zeros alone nor the digest of nothing. `option`
/// is what messages name. Throws Error.
ByteArray<32> read_digest(const std::string& option, const std::string& hex);

}  // namespace virtsev::cli
