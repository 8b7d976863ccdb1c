// SPDX-License-Identifier: LGPL-2.1-or-later
// A processor's own id, under which AMD's key server has the CEK that AMD signed for it.
#pragma once

#include <string>

#include "sevcore/base/bytes.hpp"

namespace virtsev::cli {

inline constexpr std::size_t kChipIdSize = 64;

/// The first socket's of what GET_ID or libvirt's cpu0-id gives; empty where it is none: too short, or zeros
/// alone.
Bytes first_chip_id(ByteView ids);

/// 128 hex digits; `name` is the option or file that messages name. Throws Error.
Bytes read_chip_id(const std::string& hex, const std::string& name);

/// The file that keeps a platform's chip id, beside its certificates.
std::string chip_id_file(const std::string& certificates);

/// Where AMD has the signed CEK of this chip.
std::string cek_address(ByteView chip_id);

}  // namespace virtsev::cli
