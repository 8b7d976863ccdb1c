// SPDX-License-Identifier: LGPL-2.1-or-later
// A fuzzer's input, taken piece by piece.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "sevcore/base/bytes.hpp"

namespace virtsev::fuzz {

inline void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// What is left of the input; zeros behind its end.
class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  template <typename Number>
  Number number() {
    ByteArray<sizeof(Number)> bytes{};
    const std::size_t size = std::min(bytes.size(), bytes_.size());
    std::copy_n(bytes_.begin(), size, bytes.begin());
    bytes_ = bytes_.subspan(size);
    return get_le<Number>(bytes, 0);
  }

 private:
  ByteView bytes_;
};

}  // namespace virtsev::fuzz
