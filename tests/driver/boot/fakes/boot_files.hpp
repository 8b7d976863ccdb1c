// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine whose files are in memory.
#pragma once

#include <optional>
#include <string>

#include "driver/spec/machine.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::boot::test {

/// A file without a name that holds these bytes.
UniqueFd file_of(ByteView bytes);

/// Keeps the files open that machine() borrows.
class BootFiles {
 public:
  explicit BootFiles(const Bytes& kernel, const std::optional<Bytes>& initrd = std::nullopt);

  /// 512 MiB, 1 vCPU, SEV-ES, "console=ttyS0".
  [[nodiscard]] spec::Machine machine() const;

 private:
  UniqueFd kernel_;
  UniqueFd initrd_;
};

}  // namespace virtsev::boot::test
