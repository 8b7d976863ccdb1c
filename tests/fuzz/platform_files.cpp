// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a simulated platform's two files: identity and settings. An identity's checksum is put right,
// too, so that what it covers is reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "sevcore/firmware/platform_identity.hpp"
#include "sevcore/kernel/simulation_settings.hpp"

namespace {

using namespace virtsev;

void identity(const Bytes& bytes) {
  const auto read = sevcore::parse_platform_identity(bytes);
  if (read && sevcore::serialise(*read) != bytes) {
    std::abort();
  }
}

void settings(ByteView bytes) {
  const UniqueFd file(::memfd_create("settings", MFD_CLOEXEC));
  if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  try {
    const sevcore::SimulationSettings read = sevcore::read_simulation_settings(file.get());
    sevcore::write_simulation_settings(file.get(), read);
    if (sevcore::read_simulation_settings(file.get()) != read) {
      std::abort();
    }
  } catch (const Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  settings(bytes);
  identity(bytes);
  constexpr std::size_t kChecksum = 32;
  if (size > kChecksum) {
    const auto checksum = sevcore::crypto::sha256(ByteView(bytes).first(size - kChecksum));
    std::copy(checksum.begin(), checksum.end(), bytes.end() - kChecksum);
    identity(bytes);
  }
  return 0;
}
