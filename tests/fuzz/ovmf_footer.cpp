// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as the end of a firmware image: refused, or read the same again from a longer image with the same
// end.
#include <cstdint>
#include <cstdlib>

#include "driver/boot/ovmf/footer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtsev;
  const auto footer = boot::ovmf::parse_footer({data, size});
  if (!footer) {
    return 0;
  }
  Bytes longer(100, 0xa5);
  longer.insert(longer.end(), data, data + size);
  const auto again = boot::ovmf::parse_footer(longer);
  if (!again || again->reset_address != footer->reset_address || again->secret != footer->secret ||
      again->kernel_hashes != footer->kernel_hashes) {
    std::abort();
  }
  return 0;
}
