// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes a synthetic bzImage of 8 MiB to standard output.
#include <cstdio>

#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

int main() {
  const virtsev::Bytes image = virtsev::boot::test::synthetic_bzimage(8U << 20);
  return std::fwrite(image.data(), 1, image.size(), stdout) == image.size() && std::fflush(stdout) == 0 ? 0
                                                                                                        : 1;
}
