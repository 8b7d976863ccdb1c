// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/host-check/small_file.hpp"

#include <array>

#include <fcntl.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::sevcore {

std::optional<std::string> read_small_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 4096> buffer{};
  const ssize_t length = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (length < 0) {
    return std::nullopt;
  }
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace virtsev::sevcore
