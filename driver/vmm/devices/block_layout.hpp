// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio block device's numbers (virtio 1.2, section 5.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "sevcore/machine/device_limits.hpp"

namespace virtsev::vmm::block {

inline constexpr std::uint64_t kSector = 512;

/// Feature bits (5.2.3).
enum Feature : std::uint64_t {
  kSizeMax = 1U << 1,
  kSegMax = 1U << 2,
  kReadOnly = 1U << 5,
  kBlkSize = 1U << 6,
  kFlush = 1U << 9,
  kTopology = 1U << 10,
  kConfigWce = 1U << 11,
  kMq = 1U << 12,
  kDiscard = 1U << 13,
  kWriteZeroes = 1U << 14,
};

/// Request types (5.2.6).
enum Type : std::uint32_t {
  kIn = 0,
  kOut = 1,
  kFlushRequest = 4,
  kGetId = 8,
  kDiscardRequest = 11,
  kWriteZeroesRequest = 13,
};

/// Status bytes (5.2.6).
enum Status : std::uint8_t { kOk = 0, kIoError = 1, kUnsupported = 2 };

/// The head of a request: le32 type, le32 reserved, le64 sector.
inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kIdBytes = machine::kMaxDiskSerial;
/// struct virtio_blk_discard_write_zeroes: le64 sector, le32 num_sectors, le32 flags (bit 0: unmap).
inline constexpr std::size_t kRangeBytes = 16;
inline constexpr std::uint32_t kRangeUnmap = 1;

/// struct virtio_blk_config (5.2.4): offsets.
inline constexpr std::uint32_t kConfigurationBytes = 60;
inline constexpr std::size_t kCapacityAt = 0;
inline constexpr std::size_t kSizeMaxAt = 8;
inline constexpr std::size_t kSegMaxAt = 12;
inline constexpr std::size_t kBlkSizeAt = 20;
inline constexpr std::size_t kPhysicalBlockExponentAt = 24;
inline constexpr std::size_t kMinIoSizeAt = 26;
inline constexpr std::size_t kWritebackAt = 32;
inline constexpr std::size_t kNumQueuesAt = 34;
inline constexpr std::size_t kMaxDiscardSectorsAt = 36;
inline constexpr std::size_t kMaxDiscardSegAt = 40;
inline constexpr std::size_t kDiscardAlignmentAt = 44;
inline constexpr std::size_t kMaxWriteZeroesSectorsAt = 48;
inline constexpr std::size_t kMaxWriteZeroesSegAt = 52;
inline constexpr std::size_t kWriteZeroesMayUnmapAt = 56;

}  // namespace virtsev::vmm::block
