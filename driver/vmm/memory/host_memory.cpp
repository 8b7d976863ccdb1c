// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of this process that becomes a guest's.
#include "driver/vmm/memory/host_memory.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

[[noreturn]] void throw_no_memory(std::uint64_t size, int error_number) {
  throw Error(ErrorCode::kOperationFailed, text("the host can't give the guest {} MiB of memory: {}",
                                                size / kMiB, std::strerror(error_number)));
}

UniqueFd make_file(const char* name, std::uint64_t size) {
  UniqueFd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    throw_no_memory(size, errno);
  }
  return file;
}

std::uint8_t* map(void* where, std::uint64_t size, int protection, int flags, int fd) {
  void* mapped = ::mmap(where, size, protection, flags, fd, 0);
  if (mapped == MAP_FAILED) {
    throw_no_memory(size, errno);
  }
  return static_cast<std::uint8_t*>(mapped);
}

}  // namespace

HostMemory HostMemory::own(std::uint64_t size) {
  // Linux before 6.7 places large mappings anywhere: more than is needed, and then cut to measure.
  const std::uint64_t whole = round_up(size, kPageSize);
  std::uint8_t* const mapped = map(nullptr, whole + kHugePage, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  const std::uint64_t before = round_up(reinterpret_cast<std::uintptr_t>(mapped), kHugePage) -
                               reinterpret_cast<std::uintptr_t>(mapped);
  if (before > 0) {
    ::munmap(mapped, before);
  }
  ::munmap(mapped + before + whole, kHugePage - before);
  HostMemory memory;
  memory.data_ = mapped + before;
  memory.size_ = size;
  // A kernel without huge pages does without.
  (void)::madvise(memory.data_, size, MADV_HUGEPAGE);
  return memory;
}

HostMemory HostMemory::shareable(const char* name, std::uint64_t size) {
  HostMemory memory;
  memory.file_ = make_file(name, size);
  memory.data_ = map(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory.file_.get());
  memory.size_ = size;
  return memory;
}

HostMemory HostMemory::reserved(std::uint64_t size) {
  HostMemory memory;
  memory.data_ = map(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  memory.size_ = size;
  return memory;
}

HostMemory::~HostMemory() {
  if (data_ != nullptr) {
    ::munmap(data_, size_);
  }
}

HostMemory::HostMemory(HostMemory&& other) noexcept
    : file_(std::move(other.file_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

HostMemory& HostMemory::operator=(HostMemory&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace virtsev::vmm
