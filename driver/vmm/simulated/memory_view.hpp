// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest finds at addresses without C-bit: page for page private memory, shared memory, or nothing.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "driver/vmm/memory/guest_memory.hpp"
#include "driver/vmm/memory/host_memory.hpp"
#include "driver/vmm/simulated/page_runs.hpp"

namespace virtsev::vmm {

/// A range of this process's addresses that is a KVM memory slot for good; only what is mapped there changes,
/// and KVM follows (MMU notifiers). A guest's access to nothing makes KVM_RUN fail with EFAULT, and can be
/// done again (tried: Linux 6.1).
///
/// Any thread may ask. set() only while every vCPU is out of KVM_RUN: KVM's instruction emulator takes a page
/// that vanishes meanwhile for a device's.
class MemoryView {
 public:
  enum class Kind : std::uint8_t { kNothing, kPrivate, kShared };

  /// `ranges`: guest addresses, and where in `place` each begins; memory at an address lies at the same
  /// offset in both memories' files as in `place`. All borrowed. All of it is nothing at first.
  MemoryView(std::vector<GuestMemory::Range> ranges, const HostMemory& place,
             const HostMemory& private_memory, const HostMemory& shared_memory);

  struct Change {
    bool any = false;
    bool more_shared = false;
  };
  /// From now on these pages are private, and these shared; all others are nothing. The two have no page in
  /// common, and lie within everything(). Throws Error where the kernel refuses a mapping: the guest can't go
  /// on then.
  Change set(const PageRuns& private_pages, const PageRuns& shared_pages);

  [[nodiscard]] Kind kind_at(GuestAddress address) const;
  [[nodiscard]] PageRuns shared_pages() const;
  /// Its ranges, as pages.
  [[nodiscard]] const PageRuns& everything() const { return everything_; }

 private:
  void map(const PageRuns& pages, Kind kind) const;

  std::vector<GuestMemory::Range> ranges_;
  PageRuns everything_;
  const HostMemory& place_;
  const HostMemory& private_memory_;
  const HostMemory& shared_memory_;
  mutable std::mutex mutex_;  // Innermost: nothing else is locked under it
  PageRuns private_;
  PageRuns shared_;
};

}  // namespace virtsev::vmm
