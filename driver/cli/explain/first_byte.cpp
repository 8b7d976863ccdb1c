// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/first_byte.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "sevcore/crypto/crypto.hpp"

namespace virtsev::cli {
namespace {

using Digest = ByteArray<32>;

/// Gives a region page by page, the last one as long as it is: its pieces may have any length.
void read_pages(const sevcore::Region& region,
                const std::function<void(std::size_t number, ByteView page)>& sink) {
  Bytes page;
  std::size_t number = 0;
  sevcore::read_region(region, [&](ByteView piece) {
    while (!piece.empty()) {
      const std::size_t part = std::min<std::size_t>(kPageSize - page.size(), piece.size());
      page.insert(page.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(part));
      piece = piece.subspan(part);
      if (page.size() == kPageSize) {
        sink(number++, page);
        page.clear();
      }
    }
  });
  if (!page.empty()) {
    sink(number, page);
  }
}

Bytes page_of(const sevcore::Region& region, std::size_t wanted) {
  Bytes found;
  read_pages(region, [&](std::size_t number, ByteView page) {
    if (number == wanted) {
      found.assign(page.begin(), page.end());
    }
  });
  return found;
}

std::optional<std::size_t> first_different_page(const sevcore::Region& here, const sevcore::Region& there) {
  std::vector<Digest> digests;
  digests.reserve(here.size / kPageSize + 1);
  read_pages(here, [&](std::size_t, ByteView page) { digests.push_back(sevcore::crypto::sha256(page)); });
  std::optional<std::size_t> first;
  read_pages(there, [&](std::size_t number, ByteView page) {
    if (!first && number < digests.size() && digests[number] != sevcore::crypto::sha256(page)) {
      first = number;
    }
  });
  return first;
}

}  // namespace

std::optional<ByteDifference> first_different_byte(const sevcore::Region& here,
                                                   const sevcore::Region& there) {
  const std::optional<std::size_t> number = first_different_page(here, there);
  if (!number) {
    return std::nullopt;
  }
  const Bytes mine = page_of(here, *number);
  const Bytes other = page_of(there, *number);
  const auto [a, b] = std::mismatch(mine.begin(), mine.end(), other.begin(), other.end());
  if (a == mine.end() || b == other.end()) {
    return std::nullopt;  // Changed while it was read
  }
  return ByteDifference{*number * kPageSize + static_cast<std::uint64_t>(a - mine.begin()), *a, *b};
}

}  // namespace virtsev::cli
