// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of rings that another processor reads and writes meanwhile: one access each, whole. Little-endian,
// as this program's only processor is.
#pragma once

#include <atomic>
#include <cstdint>

namespace virtsev::vmm::ring {

/// `field` is aligned to its size.
template <typename Number>
Number load(std::uint8_t* field) {
  return std::atomic_ref(*reinterpret_cast<Number*>(field)).load(std::memory_order_relaxed);
}

/// Nothing that follows is read before it.
template <typename Number>
Number load_acquire(std::uint8_t* field) {
  return std::atomic_ref(*reinterpret_cast<Number*>(field)).load(std::memory_order_acquire);
}

template <typename Number>
void store(std::uint8_t* field, Number value) {
  std::atomic_ref(*reinterpret_cast<Number*>(field)).store(value, std::memory_order_relaxed);
}

/// Nothing that was written before is seen after it.
template <typename Number>
void store_release(std::uint8_t* field, Number value) {
  std::atomic_ref(*reinterpret_cast<Number*>(field)).store(value, std::memory_order_release);
}

}  // namespace virtsev::vmm::ring
