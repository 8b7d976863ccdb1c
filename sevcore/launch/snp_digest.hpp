// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV-SNP's launch digest: each page is hashed together with its type, its address and the digest so far
// (SEV-SNP Firmware ABI, AMD document 56860, PAGE_INFO).
#pragma once

#include <cstddef>
#include <optional>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::sevcore {

class SnpDigest {
 public:
  /// What follows is of this type and begins at this address; none: a VMSA, which has the address that the
  /// firmware gives all of them.
  void begin(PageType type, std::optional<GuestAddress> address);
  /// The bytes, in order, any number at a time; whole pages in all. Of types other than normal and VMSA, only
  /// how many there are counts: their content is the firmware's, or nobody's.
  void update(ByteView bytes);
  [[nodiscard]] const ByteArray<48>& value() const { return value_; }

 private:
  void add_page();

  ByteArray<48> value_{};
  PageType type_ = PageType::kNormal;
  GuestAddress address_;
  bool same_address_ = false;
  Bytes page_;
};

}  // namespace virtsev::sevcore
