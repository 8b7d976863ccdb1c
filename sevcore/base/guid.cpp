// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/guid.hpp"

#include "sevcore/base/hex.hpp"

namespace virtsev {

std::string to_string(const Guid& guid) {
  const auto& b = guid.bytes;
  const ByteArray<16> in_order = {b[3], b[2], b[1],  b[0],  b[5],  b[4],  b[7],  b[6],
                                  b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]};
  std::string text = to_hex(in_order);
  for (const std::size_t dash : {8, 13, 18, 23}) {
    text.insert(dash, 1, '-');
  }
  return text;
}

}  // namespace virtsev
