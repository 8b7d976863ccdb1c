// SPDX-License-Identifier: LGPL-2.1-or-later
// From a list of system calls to a filter, by libseccomp.
#include "driver/vmm/sandbox/filter.hpp"

#include <cerrno>
#include <memory>
#include <system_error>

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {
namespace {

[[noreturn]] void fail(int error_number) {
  throw std::system_error(error_number, std::generic_category(), "seccomp");
}

void check(int result) {
  if (result != 0) {
    fail(-result);
  }
}

void allow(scmp_filter_ctx filter, const AllowedCall& call) {
  std::vector<scmp_arg_cmp> comparisons;
  for (const std::optional<Condition>& condition : {call.condition, call.and_condition}) {
    if (condition) {
      comparisons.push_back({condition->argument, SCMP_CMP_MASKED_EQ, condition->mask, condition->value});
    }
  }
  const int result = ::seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call.number,
                                              static_cast<unsigned>(comparisons.size()), comparisons.data());
  check(result == -EEXIST ? 0 : result);  // Allowed already, for another reason
}

/// What libseccomp writes: it gives a program to a descriptor alone.
std::vector<sock_filter> program_of(scmp_filter_ctx filter) {
  const UniqueFd file(::memfd_create("filter", MFD_CLOEXEC));
  if (!file) {
    fail(errno);
  }
  check(::seccomp_export_bpf(filter, file.get()));
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (size <= 0 || ::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) {
    fail(EIO);
  }
  return program;
}

}  // namespace

Filter::Filter(std::span<const AllowedCall> allowed, std::span<const FailingCall> failing) {
  const std::unique_ptr<void, decltype(&::seccomp_release)> filter(::seccomp_init(SCMP_ACT_TRAP),
                                                                   &::seccomp_release);
  if (!filter) {
    fail(ENOMEM);
  }
  // Calls of other architectures (32 bit) have other numbers: there is no name that could be told.
  check(::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
  for (const AllowedCall& call : allowed) {
    allow(filter.get(), call);
  }
  for (const FailingCall& call : failing) {
    check(
        ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(call.error)), call.number, 0));
  }
  program_ = program_of(filter.get());
}

void Filter::load() const {
  const sock_fprog program{static_cast<unsigned short>(program_.size()),
                           const_cast<sock_filter*>(program_.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    fail(errno);
  }
}

}  // namespace virtsev::vmm
