// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV-SNP's digest, against PAGE_INFO put together by hand. Published digests: tests/integration/published.
#include "sevcore/launch/snp_digest.hpp"

#include <gtest/gtest.h>

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::sevcore {
namespace {

/// PAGE_INFO (SEV-SNP Firmware ABI): field by field, in the order of the specification's table.
ByteArray<48> extended(const ByteArray<48>& before, const ByteArray<48>& contents, std::uint8_t type,
                       std::uint64_t address) {
  Bytes info(before.begin(), before.end());
  info.insert(info.end(), contents.begin(), contents.end());
  append_le<std::uint16_t>(info, 0x70);
  info.push_back(type);
  info.insert(info.end(), 5, 0);  // IMI_PAGE, permissions of VMPL 3, 2 and 1, reserved
  append_le<std::uint64_t>(info, address);
  return crypto::sha384(info);
}

TEST(SnpDigest, BeginsWithZeros) { EXPECT_EQ(SnpDigest().value(), (ByteArray<48>{})); }

TEST(SnpDigest, BindsEachPageWithItsTypeAndAddress) {
  Bytes pages(2 * kPageSize, 1);
  pages[kPageSize] = 2;
  SnpDigest digest;
  digest.begin(PageType::kNormal, GuestAddress(0xffc0'0000));
  digest.update(ByteView(pages).first(100));  // Pieces of any length
  digest.update(ByteView(pages).subspan(100));
  const auto first = crypto::sha384(ByteView(pages).first(kPageSize));
  const auto second = crypto::sha384(ByteView(pages).subspan(kPageSize));
  EXPECT_EQ(digest.value(), extended(extended({}, first, 1, 0xffc0'0000), second, 1, 0xffc0'1000));
}

TEST(SnpDigest, CountsPagesThatTheFirmwareFillsWithoutTheirBytes) {
  for (const auto& [type, number] : {std::pair(PageType::kZero, 3), std::pair(PageType::kUnmeasured, 4),
                                     std::pair(PageType::kSecrets, 5), std::pair(PageType::kCpuid, 6)}) {
    SnpDigest digest;
    digest.begin(type, GuestAddress(0x80'0000));
    digest.update(Bytes(kPageSize, 0x77));
    EXPECT_EQ(digest.value(), extended({}, {}, static_cast<std::uint8_t>(number), 0x80'0000));
  }
}

TEST(SnpDigest, GivesEveryVmsaTheSameAddress) {
  SnpDigest digest;
  digest.begin(PageType::kVmsa, std::nullopt);
  const Bytes page(kPageSize, 9);
  digest.update(page);
  digest.update(page);
  constexpr std::uint64_t kVmsas = 0xffff'ffff'f000;
  const auto contents = crypto::sha384(page);
  EXPECT_EQ(digest.value(), extended(extended({}, contents, 2, kVmsas), contents, 2, kVmsas));
}

}  // namespace
}  // namespace virtsev::sevcore
