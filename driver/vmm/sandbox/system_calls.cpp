// SPDX-License-Identifier: LGPL-2.1-or-later
// Which system calls are left to the monitor once its guest is set up: each with its reason.
#include "driver/vmm/sandbox/system_calls.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include <seccomp.h>
#include <sys/ioctl.h>

namespace virtsev::vmm {
namespace {

struct AllowedCall {
  int number;
  const char* reason;
};

constexpr std::array kAllowed = {
    AllowedCall{SCMP_SYS(read), "timers, events, the pty"},
    AllowedCall{SCMP_SYS(write), "the pty, the log, events, standard error"},
    AllowedCall{SCMP_SYS(writev), "standard error, by the C++ library"},
    AllowedCall{SCMP_SYS(pread64), "moving the log on, resident memory, the simulated platform's state"},
    AllowedCall{SCMP_SYS(pwrite64), "the log, the end file"},
    AllowedCall{SCMP_SYS(ftruncate), "moving the log on"},
    AllowedCall{SCMP_SYS(fstat), "the length of the log and of the platform's files"},
    AllowedCall{SCMP_SYS(lseek), "the length of the log"},
    AllowedCall{SCMP_SYS(copy_file_range), "moving the log on"},
    AllowedCall{SCMP_SYS(sendfile), "moving the log on"},
    AllowedCall{SCMP_SYS(fcntl), "copies of descriptors to send; the simulated firmware's queue (a lock)"},
    AllowedCall{SCMP_SYS(close), "descriptors of peers"},
    AllowedCall{SCMP_SYS(epoll_wait), "the I/O thread's wait"},
    AllowedCall{SCMP_SYS(epoll_pwait), "the same, as newer C libraries call it"},
    AllowedCall{SCMP_SYS(epoll_ctl), "peers come and go; the pty's readiness"},
    AllowedCall{SCMP_SYS(accept4), "a restarted virtsevd connects again"},
    AllowedCall{SCMP_SYS(getsockopt), "the peer's uid"},
    AllowedCall{SCMP_SYS(recvmsg), "requests"},
    AllowedCall{SCMP_SYS(sendmsg), "replies and events"},
    AllowedCall{SCMP_SYS(timerfd_settime), "the console timer"},
    AllowedCall{SCMP_SYS(futex), "locks between vCPUs and the I/O thread"},
    AllowedCall{SCMP_SYS(tgkill), "calling a vCPU out of the guest; abort()"},
    AllowedCall{SCMP_SYS(rt_sigreturn), "the end of that signal's handler"},
    AllowedCall{SCMP_SYS(rt_sigprocmask), "pthread_kill() and thread exit"},
    AllowedCall{SCMP_SYS(rt_sigaction), "abort()"},
    AllowedCall{SCMP_SYS(restart_syscall), "a wait that a stop signal interrupted"},
    AllowedCall{SCMP_SYS(getpid), "pthread_kill()"},
    AllowedCall{SCMP_SYS(gettid), "abort()"},
    AllowedCall{SCMP_SYS(clock_gettime), "CPU time of vCPUs; the clock, where the vDSO has none"},
    AllowedCall{SCMP_SYS(clock_nanosleep), "a simulated firmware that takes as long as a real one"},
    AllowedCall{SCMP_SYS(nanosleep), "the same"},
    AllowedCall{SCMP_SYS(getrandom), "the simulated firmware's keys; hash seeds of the C library"},
    AllowedCall{SCMP_SYS(brk), "memory of the C library"},
    AllowedCall{SCMP_SYS(munmap), "memory of the C library; the guest's at the end"},
    AllowedCall{SCMP_SYS(mremap), "memory of the C library"},
    AllowedCall{SCMP_SYS(madvise), "memory of the C library; stacks of ended threads"},
    AllowedCall{SCMP_SYS(sched_yield), "locks of the C++ library"},
    AllowedCall{SCMP_SYS(rseq), "thread exit"},
    AllowedCall{SCMP_SYS(set_robust_list), "thread exit"},
    AllowedCall{SCMP_SYS(exit), "the end of a thread"},
    AllowedCall{SCMP_SYS(exit_group), "the end"},
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VIRTSEV_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define VIRTSEV_SANITIZED
#endif
#ifdef VIRTSEV_SANITIZED
constexpr std::array kForSanitizers = {
    AllowedCall{SCMP_SYS(pipe2), "the undefined-behaviour checker probes addresses with it"},
    AllowedCall{SCMP_SYS(sigaltstack), "the address checker, at a thread's end"},
};
#else
constexpr std::array<AllowedCall, 0> kForSanitizers = {};
#endif

/// What a library may try, and does without.
constexpr std::array kRefused = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(access),
                                 SCMP_SYS(readlink)};

// ioctl(2)'s request: bits 8-15 name the driver (asm-generic/ioctl.h).
constexpr std::uint64_t kDriverMask = 0xff00;
constexpr std::uint64_t kKvmDriver = 0xae00;
constexpr std::uint64_t kSevRequest = 0xc0105300;  // SEV_ISSUE_CMD
constexpr std::uint64_t kExecutable = 4;           // PROT_EXEC

void check(int result) {
  if (result != 0) {
    throw std::system_error(-result, std::generic_category(), "seccomp");
  }
}

void allow_if(scmp_filter_ctx filter, int call, const scmp_arg_cmp& condition) {
  check(::seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition));
}

}  // namespace

void restrict_system_calls() {
  const std::unique_ptr<void, decltype(&::seccomp_release)> filter(::seccomp_init(SCMP_ACT_KILL_PROCESS),
                                                                   &::seccomp_release);
  if (!filter) {
    throw std::system_error(ENOMEM, std::generic_category(), "seccomp_init");
  }
  check(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1));
  for (const AllowedCall& call : kAllowed) {
    check(::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call.number, 0));
  }
  for (const AllowedCall& call : kForSanitizers) {
    check(::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call.number, 0));
  }
  for (const int call : kRefused) {
    check(::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EACCES), call, 0));
  }
  // KVM's ioctls: running vCPUs, their registers, interrupts, memory slots, launch commands. /dev/sev's one.
  allow_if(filter.get(), SCMP_SYS(ioctl), {1, SCMP_CMP_MASKED_EQ, kDriverMask, kKvmDriver});
  allow_if(filter.get(), SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, kSevRequest, 0});
  // Memory of the C library and of threads: never executable.
  allow_if(filter.get(), SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, kExecutable, 0});
  allow_if(filter.get(), SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, kExecutable, 0});
  check(::seccomp_load(filter.get()));
}

}  // namespace virtsev::vmm
