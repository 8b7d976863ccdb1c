// SPDX-License-Identifier: LGPL-2.1-or-later
// XDR (RFC 4506), writing.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "sevcore/base/bytes.hpp"

namespace virtsev::xdr {

class Encoder {
 public:
  void put_int32(std::int32_t value);
  void put_uint32(std::uint32_t value);
  void put_int64(std::int64_t value);
  void put_uint64(std::uint64_t value);
  void put_double(double value);
  void put_bool(bool value);
  /// Length, bytes, padding to 4.
  void put_string(std::string_view value);
  void put_opaque(ByteView value);
  /// No length: bytes and padding to 4.
  void put_fixed_opaque(ByteView value);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

}  // namespace virtsev::xdr
