// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest physical address: a number that can't be dereferenced by mistake.
#pragma once

#include <compare>
#include <cstdint>

namespace virtsev {

class GuestAddress {
 public:
  constexpr GuestAddress() = default;
  constexpr explicit GuestAddress(std::uint64_t value) : value_(value) {}
  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  // clang-tidy 14 takes the compiler's own `<=> 0` for a null pointer. NOLINTNEXTLINE(modernize-use-nullptr)
  friend constexpr auto operator<=>(GuestAddress, GuestAddress) = default;
  friend constexpr GuestAddress operator+(GuestAddress a, std::uint64_t offset) {
    return GuestAddress(a.value_ + offset);
  }
  friend constexpr std::uint64_t operator-(GuestAddress a, GuestAddress b) { return a.value_ - b.value_; }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace virtsev
