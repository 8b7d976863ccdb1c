// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/snp_digest.hpp"

#include <algorithm>

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {
namespace {

/// The address under which a VMSA is measured, wherever it lies (SNP_LAUNCH_UPDATE: all bits of a 48-bit page
/// address).
constexpr GuestAddress kVmsaAddress{0xFFFF'FFFF'F000};

// PAGE_INFO, in bytes: digest so far at 0, the page's at 48, length at 96, type at 98, address at 104; what
// virtsev never sets (IMI, permissions of lower VMPLs) between.
constexpr std::size_t kInfoSize = 112;
constexpr std::size_t kContents = 48;
constexpr std::size_t kLength = 96;
constexpr std::size_t kType = 98;
constexpr std::size_t kAddress = 104;

bool has_content(PageType type) { return type == PageType::kNormal || type == PageType::kVmsa; }

}  // namespace

void SnpDigest::begin(PageType type, std::optional<GuestAddress> address) {
  type_ = type;
  address_ = address.value_or(kVmsaAddress);
  same_address_ = !address.has_value();
  page_.clear();
}

void SnpDigest::update(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), kPageSize - page_.size());
    page_.insert(page_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (page_.size() == kPageSize) {
      add_page();
      page_.clear();
    }
  }
}

void SnpDigest::add_page() {
  ByteArray<kInfoSize> info{};
  std::copy(value_.begin(), value_.end(), info.begin());
  if (has_content(type_)) {
    const ByteArray<48> contents = crypto::sha384(page_);
    std::copy(contents.begin(), contents.end(), info.begin() + kContents);
  }
  put_le(info, kLength, static_cast<std::uint16_t>(kInfoSize));
  info[kType] = static_cast<std::uint8_t>(type_);
  put_le(info, kAddress, address_.value());
  value_ = crypto::sha384(info);
  if (!same_address_) {
    address_ = address_ + kPageSize;
  }
}

}  // namespace virtsev::sevcore
