// SPDX-License-Identifier: LGPL-2.1-or-later
// XDR (RFC 4506), reading. Every length is bounded by the caller's limit and by what is there; a decoder that
// has failed stays failed and gives zeros, so a caller decodes a whole message and asks ok() once.
#pragma once

#include <cstdint>
#include <string>

#include "sevcore/base/bytes.hpp"

namespace virtsev::xdr {

class Decoder {
 public:
  explicit Decoder(ByteView data) : rest_(data) {}

  std::int32_t get_int32();
  std::uint32_t get_uint32();
  std::int64_t get_int64();
  std::uint64_t get_uint64();
  double get_double();
  /// Any value but 0 is true (some clients write 0x01000000).
  bool get_bool();
  /// Fails where longer than `limit` bytes, or where it holds a NUL.
  std::string get_string(std::uint32_t limit);
  Bytes get_opaque(std::uint32_t limit);
  /// Fills `out` exactly.
  void get_fixed_opaque(MutableBytes out);
  /// The count before an array: fails above `limit`, and where `count * minimum_element_size` bytes can't be
  /// there.
  std::uint32_t get_count(std::uint32_t limit, std::uint32_t minimum_element_size = 4);

  /// False once anything did not fit.
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] ByteView rest() const { return rest_; }
  /// For checks of the caller's own, such as a value out of range.
  void fail() { ok_ = false; }

 private:
  /// `length` bytes and their padding off the front; empty, and failed, where they are not there.
  ByteView take(std::size_t length);
  ByteView take_counted(std::uint32_t limit);

  ByteView rest_;
  bool ok_ = true;
};

}  // namespace virtsev::xdr
