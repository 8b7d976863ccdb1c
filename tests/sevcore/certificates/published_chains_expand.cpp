// SPDX-License-Identifier: LGPL-2.1-or-later
#include <charconv>

#include "sevcore/base/hex.hpp"
#include "sevcore/certificates/amd_roots.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::sevcore::test {
namespace {

Bytes with_root(std::string_view chain, const AmdRoot& root) {
  Bytes bytes = expand(chain);
  for (const AmdCertificate* certificate : {&root.ask, &root.ark}) {
    const Bytes one = serialise(*certificate);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

}  // namespace

Bytes expand(std::string_view sparse_hex) {
  Bytes bytes;
  while (!sparse_hex.empty()) {
    const std::string_view word = sparse_hex.substr(0, sparse_hex.find(' '));
    sparse_hex.remove_prefix(std::min(word.size() + 1, sparse_hex.size()));
    if (word.starts_with('z')) {
      std::size_t zeros = 0;
      std::from_chars(word.data() + 1, word.data() + word.size(), zeros);
      bytes.resize(bytes.size() + zeros);
    } else {
      const Bytes part = from_hex(word).value();
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
  }
  return bytes;
}

Bytes epyc_7001_chain() { return with_root(kEpyc7001Chain, amd_roots().at(0)); }
Bytes epyc_7002_chain() { return with_root(kEpyc7002Chain, amd_roots().at(1)); }

}  // namespace virtsev::sevcore::test
