// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a simulated platform's identity file. Its checksum is put right, too, so that what it covers
// is reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sevcore/firmware/platform_identity.hpp"

namespace {

using namespace virtsev;

void identity(const Bytes& bytes) {
  const auto read = sevcore::parse_platform_identity(bytes);
  if (read && sevcore::serialise(*read) != bytes) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  identity(bytes);
  constexpr std::size_t kChecksum = 32;
  if (size > kChecksum) {
    const auto checksum = sevcore::crypto::sha256(ByteView(bytes).first(size - kChecksum));
    std::copy(checksum.begin(), checksum.end(), bytes.end() - kChecksum);
    identity(bytes);
  }
  return 0;
}
