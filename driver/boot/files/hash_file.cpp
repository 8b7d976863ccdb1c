// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/files/hash_file.hpp"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::boot {

ByteArray<32> hash_file(const spec::File& file) {
  sevcore::crypto::Sha256 hash;
  Bytes buffer(std::size_t{1} << 20);
  std::uint64_t offset = 0;
  for (;;) {
    const ssize_t got = pread_all(file.fd, buffer, offset);
    if (got < 0) {
      throw Error(ErrorCode::kSystemError, text("cannot read '{}': {}", file.path, std::strerror(errno)));
    }
    if (got == 0) {
      return hash.digest();
    }
    hash.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
    offset += static_cast<std::uint64_t>(got);
  }
}

}  // namespace virtsev::boot
