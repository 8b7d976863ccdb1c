// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/chip_id.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

Bytes first_chip_id(ByteView ids) {
  if (ids.size() < kChipIdSize) {
    return {};
  }
  const ByteView first = ids.first(kChipIdSize);
  // A platform that hides its id gives zeros.
  const bool hidden = std::all_of(first.begin(), first.end(), [](std::uint8_t byte) { return byte == 0; });
  return hidden ? Bytes() : Bytes(first.begin(), first.end());
}

Bytes read_chip_id(const std::string& hex, const std::string& name) {
  auto id = from_hex(hex.substr(0, hex.find_last_not_of(" \t\r\n") + 1));
  if (!id || id->size() != kChipIdSize) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: a chip's id has {} hex digits, as `virtsev platform export` writes it", name,
                     2 * kChipIdSize));
  }
  return std::move(*id);
}

std::string chip_id_file(const std::string& certificates) { return certificates + ".id"; }

std::string cek_address(ByteView chip_id) { return "https://kdsintf.amd.com/cek/id/" + to_hex(chip_id); }

}  // namespace virtsev::cli
