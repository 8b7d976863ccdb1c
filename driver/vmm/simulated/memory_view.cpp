// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/simulated/memory_view.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/mman.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

/// Puts a memory's part at this place, or nothing (null).
void map_at(std::uint8_t* where, std::uint64_t size, const HostMemory* memory, std::uint64_t offset) {
  void* const mapped =
      memory == nullptr
          ? ::mmap(where, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)
          : ::mmap(where, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory->descriptor(),
                   static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) {
    throw Error(ErrorCode::kInternal,
                text("the host refused to show the guest its memory ({} bytes; mmap: {})", size,
                     std::strerror(errno)));
  }
}

}  // namespace

MemoryView::MemoryView(std::vector<GuestMemory::Range> ranges, const HostMemory& place,
                       const HostMemory& private_memory, const HostMemory& shared_memory)
    : ranges_(std::move(ranges)),
      place_(place),
      private_memory_(private_memory),
      shared_memory_(shared_memory) {
  for (const GuestMemory::Range& range : ranges_) {
    (void)everything_.add({range.start.value(), range.start.value() + range.size});
  }
}

MemoryView::Change MemoryView::set(const PageRuns& private_pages, const PageRuns& shared_pages) {
  const std::lock_guard lock(mutex_);
  const PageRuns before = PageRuns::unite(private_, shared_);
  const PageRuns gone = PageRuns::subtract(before, PageRuns::unite(private_pages, shared_pages));
  const PageRuns newly_private = PageRuns::subtract(private_pages, private_);
  const PageRuns newly_shared = PageRuns::subtract(shared_pages, shared_);
  map(gone, Kind::kNothing);
  map(newly_private, Kind::kPrivate);
  map(newly_shared, Kind::kShared);
  private_ = private_pages;
  shared_ = shared_pages;
  return {!gone.empty() || !newly_private.empty() || !newly_shared.empty(), !newly_shared.empty()};
}

void MemoryView::map(const PageRuns& pages, Kind kind) const {
  const HostMemory* const memory = kind == Kind::kNothing   ? nullptr
                                   : kind == Kind::kPrivate ? &private_memory_
                                                            : &shared_memory_;
  for (const PageRuns::Run& run : pages.runs()) {
    for (const GuestMemory::Range& range : ranges_) {
      const std::uint64_t start = std::max(run.start, range.start.value());
      const std::uint64_t end = std::min(run.end, range.start.value() + range.size);
      if (start < end) {
        std::uint8_t* const where = range.host + (start - range.start.value());
        map_at(where, end - start, memory, static_cast<std::uint64_t>(where - place_.data()));
      }
    }
  }
}

MemoryView::Kind MemoryView::kind_at(GuestAddress address) const {
  const std::lock_guard lock(mutex_);
  if (shared_.contains(address)) {
    return Kind::kShared;
  }
  return private_.contains(address) ? Kind::kPrivate : Kind::kNothing;
}

PageRuns MemoryView::shared_pages() const {
  const std::lock_guard lock(mutex_);
  return shared_;
}

}  // namespace virtsev::vmm
