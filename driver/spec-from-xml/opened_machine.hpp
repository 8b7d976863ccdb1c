// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine, and the files that it borrows.
#pragma once

#include <vector>

#include "driver/spec/machine.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::spec {

/// Moving it keeps the machine's descriptors valid.
struct OpenedMachine {
  Machine machine;
  std::vector<UniqueFd> files;

  /// Keeps the file open as long as this lives.
  File keep(UniqueFd fd, const std::string& path) {
    files.push_back(std::move(fd));
    return {files.back().get(), path};
  }
};

}  // namespace virtsev::spec
