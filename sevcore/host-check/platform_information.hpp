// SPDX-License-Identifier: LGPL-2.1-or-later
// What a platform says of itself: version, owner, certificates, id; the same from the real and the simulated
// one.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"
#include "sevcore/kernel/sev_vm.hpp"

namespace virtsev::sevcore {

struct PlatformInformation {
  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  std::uint8_t build = 0;
  PlatformState state = PlatformState::kUninitialized;
  bool externally_owned = false;
  bool es_enabled = false;
  std::uint32_t guest_count = 0;
  Bytes pdh;      ///< 2084 bytes
  Bytes chain;    ///< PEK, OCA and CEK, 2084 bytes each
  Bytes chip_id;  ///< 64 bytes for each socket; empty where kernel or firmware can't say (before Linux 5.2 or
                  ///< API 0.16)
  bool simulated = false;
};

/// PLATFORM_STATUS' answer, typed; certificates and id stay empty.
PlatformInformation platform_information_of(const PlatformStatusArguments& status, bool simulated);

/// PLATFORM_STATUS alone: certificates and id stay empty. Throws Error (explain_outcome.hpp).
PlatformInformation read_platform_status(SevDevice& device);

/// PLATFORM_STATUS, PDH_CERT_EXPORT and GET_ID2. Throws Error (explain_outcome.hpp).
PlatformInformation read_platform(SevDevice& device);

}  // namespace virtsev::sevcore
