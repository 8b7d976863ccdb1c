// SPDX-License-Identifier: LGPL-2.1-or-later
// write_kernel KIB: writes a synthetic bzImage with so much code to standard output.
#include <cstdio>
#include <cstdlib>

#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

int main(int count, char** arguments) {
  const auto kib = count == 2 ? std::strtoul(arguments[1], nullptr, 10) : 0;
  if (kib == 0) {
    std::fputs("usage: write_kernel KIB\n", stderr);
    return 2;
  }
  const virtsev::Bytes image = virtsev::boot::test::synthetic_bzimage(kib << 10U);
  return std::fwrite(image.data(), 1, image.size(), stdout) == image.size() && std::fflush(stdout) == 0 ? 0
                                                                                                        : 1;
}
