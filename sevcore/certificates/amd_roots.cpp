// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/certificates/amd_roots.hpp"

#include "sevcore/certificates/amd_roots_data.hpp"

namespace virtsev::sevcore {
namespace {

std::vector<AmdRoot> read_all() {
  std::vector<AmdRoot> roots;
  for (const AmdRootData& data : kAmdRootData) {
    roots.push_back({data.product, built_in_certificate(data.ask), built_in_certificate(data.ark)});
  }
  return roots;
}

}  // namespace

const std::vector<AmdRoot>& amd_roots() {
  static const std::vector<AmdRoot> roots = read_all();
  return roots;
}

bool same_key(const AmdCertificate& one, const AmdCertificate& other) {
  return one.modulus == other.modulus && one.exponent == other.exponent;
}

}  // namespace virtsev::sevcore
