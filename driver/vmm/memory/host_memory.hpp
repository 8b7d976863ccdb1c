// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of this process that becomes a guest's.
#pragma once

#include <cstdint>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

class HostMemory {
 public:
  /// Zeros that are nobody else's, in huge pages where the host has them: the firmware gets a command for
  /// each piece of memory that is contiguous to it, and a guest's nested pages can be as large. Begins at a
  /// multiple of kHugePage. Costs no memory until it is touched.
  static HostMemory own(std::uint64_t size);
  static constexpr std::uint64_t kHugePage = 2ULL << 20;
  /// Zeros, in a memfd that can be shared with a device's process and can't shrink under us. `name`: for
  /// /proc/PID/maps.
  static HostMemory shareable(const char* name, std::uint64_t size);
  /// A place for other mappings, which is no memory itself: any access to it faults.
  static HostMemory reserved(std::uint64_t size);

  HostMemory() = default;
  ~HostMemory();
  HostMemory(HostMemory&& other) noexcept;
  HostMemory& operator=(HostMemory&& other) noexcept;
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  [[nodiscard]] std::uint8_t* data() const { return data_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// The memfd; -1 for memory that is nobody else's.
  [[nodiscard]] int descriptor() const { return file_.get(); }

 private:
  UniqueFd file_;
  std::uint8_t* data_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace virtsev::vmm
