// SPDX-License-Identifier: LGPL-2.1-or-later
// KVM's structures that end in an array: a count, 4 bytes of padding or flags, the entries. The kernel's own
// definitions have another size in C++ than in C (an empty member of __DECLARE_FLEX_ARRAY), and the size is
// part of the ioctl's number; so both are defined here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <linux/kvm.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

struct CountedListHeader {
  std::uint32_t count = 0;
  std::uint32_t pad = 0;
};
static_assert(sizeof(CountedListHeader) == 8);

// Documentation/virt/kvm/api.rst; numbers as in linux/kvm.h.
inline constexpr unsigned long kGetSupportedCpuid = _IOWR(KVMIO, 0x05, CountedListHeader);
inline constexpr unsigned long kSetGsiRouting = _IOW(KVMIO, 0x6a, CountedListHeader);
inline constexpr unsigned long kGetMsrs = _IOWR(KVMIO, 0x88, CountedListHeader);
inline constexpr unsigned long kSetMsrs = _IOW(KVMIO, 0x89, CountedListHeader);
inline constexpr unsigned long kSetCpuid2 = _IOW(KVMIO, 0x90, CountedListHeader);

/// The bytes that such an ioctl takes and changes.
template <typename Entry>
class CountedList {
 public:
  explicit CountedList(std::span<const Entry> entries)
      : bytes_(sizeof(CountedListHeader) + entries.size() * sizeof(Entry)) {
    const CountedListHeader header{static_cast<std::uint32_t>(entries.size()), 0};
    std::memcpy(bytes_.data(), &header, sizeof(header));
    std::memcpy(bytes_.data() + sizeof(header), entries.data(), entries.size() * sizeof(Entry));
  }

  std::uint8_t* argument() { return bytes_.data(); }

  [[nodiscard]] std::vector<Entry> entries() const {
    CountedListHeader header;
    std::memcpy(&header, bytes_.data(), sizeof(header));
    std::vector<Entry> entries(
        std::min<std::size_t>(header.count, (bytes_.size() - sizeof(header)) / sizeof(Entry)));
    std::memcpy(entries.data(), bytes_.data() + sizeof(header), entries.size() * sizeof(Entry));
    return entries;
  }

 private:
  Bytes bytes_;
};

}  // namespace virtsev::vmm
