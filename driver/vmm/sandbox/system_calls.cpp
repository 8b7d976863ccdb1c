// SPDX-License-Identifier: LGPL-2.1-or-later
// Which system calls are left to the monitor, each with its reason: while it makes a guest, to the thread
// that serves the control socket of a guest that is made, to the threads of its vCPUs and to its devices'.
// What a guest that has taken over one of them can do to the host is what stands here.
#include "driver/vmm/sandbox/system_calls.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "driver/vmm/sandbox/conditions.hpp"
#include "driver/vmm/sandbox/filter.hpp"
#include "driver/vmm/sandbox/kvm_requests.hpp"
#include "driver/vmm/sandbox/limits.hpp"
#include "driver/vmm/sandbox/refused_calls.hpp"

namespace virtsev::vmm {
namespace {

using Calls = std::vector<AllowedCall>;

/// Every thread's: memory of the C library, locks, the end of threads and process.
constexpr std::array kCommon = {
    AllowedCall{SCMP_SYS(futex), "locks between vCPUs and the I/O thread"},
    AllowedCall{SCMP_SYS(write), "the pty, events, standard error"},
    AllowedCall{SCMP_SYS(pread64), "moving the log on, resident memory, the simulated platform's state"},
    AllowedCall{SCMP_SYS(pwrite64), "the log, the end file"},
    AllowedCall{SCMP_SYS(ftruncate), "moving the log on"},
    AllowedCall{SCMP_SYS(lseek), "the length of the log"},
    AllowedCall{SCMP_SYS(epoll_ctl), "peers come and go; the pty's readiness"},
    AllowedCall{SCMP_SYS(rt_sigreturn), "the end of the handler of a signal that calls a vCPU out"},
    AllowedCall{SCMP_SYS(rt_sigprocmask), "pthread_kill() and thread exit"},
    AllowedCall{SCMP_SYS(getpid), "pthread_kill()"},
    AllowedCall{SCMP_SYS(gettid), "abort()"},
    AllowedCall{SCMP_SYS(clock_gettime), "CPU time of vCPUs; the clock, where the vDSO has none"},
    AllowedCall{SCMP_SYS(brk), "memory of the C library"},
    AllowedCall{SCMP_SYS(munmap), "memory of the C library; the guest's at the end"},
    AllowedCall{SCMP_SYS(madvise), "memory of the C library; stacks of ended threads"},
    AllowedCall{SCMP_SYS(exit), "the end of a thread"},
    AllowedCall{SCMP_SYS(exit_group), "the end"},
    // Of the C library, whose one arena grows by brk(): no mprotect().
    AllowedCall{SCMP_SYS(mmap), "large pieces of memory; no files, and never executable",
                has_not(2, PROT_EXEC), has(3, MAP_ANONYMOUS)},
};

/// The I/O thread's, beside them.
constexpr std::array kService = {
    AllowedCall{SCMP_SYS(read), "timers, events, the pty"},
    AllowedCall{SCMP_SYS(writev), "standard error, by the C library"},
    AllowedCall{SCMP_SYS(fcntl), "copies of descriptors to send", is_int(1, F_DUPFD_CLOEXEC)},
    AllowedCall{SCMP_SYS(close), "descriptors of peers"},
    AllowedCall{SCMP_SYS(epoll_wait), "its wait"},
    AllowedCall{SCMP_SYS(epoll_pwait), "the same, as newer C libraries call it"},
    AllowedCall{SCMP_SYS(accept4), "a restarted virtsevd connects again"},
    AllowedCall{SCMP_SYS(getsockopt), "the peer's uid"},
    AllowedCall{SCMP_SYS(recvmsg), "requests"},
    AllowedCall{SCMP_SYS(sendmsg), "replies and events"},
    AllowedCall{SCMP_SYS(timerfd_settime), "the console timer"},
    AllowedCall{SCMP_SYS(restart_syscall), "a wait that a stop signal interrupted"},
    AllowedCall{SCMP_SYS(mremap), "memory of the C library"},
};
/// The thread's that moves devices' data, beside kCommon. It reaches only what it has descriptors of.
constexpr std::array kDevice = {
    AllowedCall{SCMP_SYS(epoll_wait), "its wait"},
    AllowedCall{SCMP_SYS(epoll_pwait), "the same, as newer C libraries call it"},
    AllowedCall{SCMP_SYS(restart_syscall), "a wait that a stop signal interrupted"},
    AllowedCall{SCMP_SYS(read), "events; a network's frames"},
    AllowedCall{SCMP_SYS(readv), "a network's frames and a port's bytes, into the guest's buffers"},
    AllowedCall{SCMP_SYS(writev), "the same, from them"},
    AllowedCall{SCMP_SYS(preadv), "a disk's blocks, into the guest's buffers"},
    AllowedCall{SCMP_SYS(pwritev), "the same, from them"},
    AllowedCall{SCMP_SYS(preadv2), "the same, as the C library calls it where there are flags"},
    AllowedCall{SCMP_SYS(pwritev2), "the same"},
    AllowedCall{SCMP_SYS(io_uring_enter), "a disk's requests, as they were restricted when it was opened"},
    AllowedCall{SCMP_SYS(fsync), "a disk's flush"},
    AllowedCall{SCMP_SYS(fdatasync), "the same"},
    AllowedCall{SCMP_SYS(recvfrom), "a network's frames, from passt"},
    AllowedCall{SCMP_SYS(sendto), "the same, to it"},
    AllowedCall{SCMP_SYS(ioctl), "what the guest takes of a tap device's offloads", is(1, TUNSETOFFLOAD)},
    AllowedCall{SCMP_SYS(ioctl), "how many of a tap device's queues the guest uses", is(1, TUNSETQUEUE)},
    AllowedCall{SCMP_SYS(accept4), "a client of a channel comes"},
    AllowedCall{SCMP_SYS(close), "it goes"},
    AllowedCall{SCMP_SYS(fallocate), "what a guest discards or writes as zeroes"},
    AllowedCall{SCMP_SYS(getrandom), "the entropy device"},
};

constexpr std::array kSimulatedService = {
    AllowedCall{SCMP_SYS(clock_nanosleep), "a simulated firmware that takes as long as a real one"},
    AllowedCall{SCMP_SYS(getrandom), "the simulated firmware's random numbers"},
};

/// The I/O thread's of a guest with slots: what it takes to make a device, of what a peer has sent, and to
/// let go of it. No rings, no threads: those of each slot are made before.
constexpr std::array kPlugging = {
    AllowedCall{SCMP_SYS(eventfd2), "a device that comes: its interrupts and doorbells"},
    AllowedCall{SCMP_SYS(fstat), "the size of its image"},
    AllowedCall{SCMP_SYS(newfstatat), "the same, as newer C libraries call it", has(3, AT_EMPTY_PATH)},
    AllowedCall{SCMP_SYS(statx), "how its image wants to be read", has(2, AT_EMPTY_PATH)},
    AllowedCall{SCMP_SYS(ioctl), "the size of a disk that is a block device", is(1, BLKGETSIZE64)},
    AllowedCall{SCMP_SYS(ioctl), "the size of its blocks", is(1, BLKSSZGET)},
    AllowedCall{SCMP_SYS(ioctl), "the same, of the medium's", is(1, BLKPBSZGET)},
    AllowedCall{SCMP_SYS(fcntl), "how its image, or its tap device, was opened", is_int(1, F_GETFL)},
    AllowedCall{SCMP_SYS(fcntl), "a tap device that does not wait", is_int(1, F_SETFL)},
    AllowedCall{SCMP_SYS(fcntl), "a device that goes: its image's locks", is_int(1, F_OFD_SETLK)},
    AllowedCall{SCMP_SYS(io_uring_register), "which image a slot's ring is for",
                is_int(1, IORING_REGISTER_FILES_UPDATE)},
};

/// A simulated guest's vCPUs, beside what is every thread's.
constexpr std::array kSimulatedVcpu = {
    // Which memory it is, and where, no filter can see; "nothing" is an anonymous mapping.
    AllowedCall{SCMP_SYS(mmap), "private or shared memory behind the guest's pages; never executable",
                has_not(2, PROT_EXEC), is_int(3, MAP_SHARED | MAP_FIXED)},
};

/// While a guest is made: all of the above, and these.
constexpr std::array kLaunch = {
    AllowedCall{SCMP_SYS(fstat), "the length of files that are loaded"},
    AllowedCall{SCMP_SYS(newfstatat), "the same, as newer C libraries call it", has(3, AT_EMPTY_PATH)},
    AllowedCall{SCMP_SYS(fcntl), "descriptors' flags; seals on guest memory"},
    AllowedCall{SCMP_SYS(fsync), "a simulated platform that is new"},
    AllowedCall{SCMP_SYS(fdatasync), "the same"},
    AllowedCall{SCMP_SYS(mmap), "guest memory, vCPUs, threads; never executable", has_not(2, PROT_EXEC)},
    AllowedCall{SCMP_SYS(mprotect), "threads' stacks; never executable", has_not(2, PROT_EXEC)},
    AllowedCall{SCMP_SYS(memfd_create), "guest memory"},
    AllowedCall{SCMP_SYS(io_uring_setup), "a disk's ring, which is restricted before it can be used"},
    AllowedCall{SCMP_SYS(io_uring_register), "its restrictions, and its only file"},
    AllowedCall{SCMP_SYS(statx), "how a disk's image wants to be read", has(2, AT_EMPTY_PATH)},
    AllowedCall{SCMP_SYS(ioctl), "the size of a disk that is a block device", is(1, BLKGETSIZE64)},
    AllowedCall{SCMP_SYS(ioctl), "the size of its blocks", is(1, BLKSSZGET)},
    AllowedCall{SCMP_SYS(ioctl), "the same, of the medium's", is(1, BLKPBSZGET)},
    AllowedCall{SCMP_SYS(eventfd2), "the end's signal; devices' interrupts and doorbells"},
    AllowedCall{SCMP_SYS(epoll_create1), "the loop of the thread that moves devices' data"},
    AllowedCall{SCMP_SYS(timerfd_create), "timers"},
    AllowedCall{SCMP_SYS(clone), "threads, and no processes", has(0, CLONE_THREAD)},
    AllowedCall{SCMP_SYS(set_robust_list), "the beginning of a thread"},
    AllowedCall{SCMP_SYS(rseq), "the same"},
    AllowedCall{SCMP_SYS(prctl), "a thread's name", is_int(0, PR_SET_NAME)},
    AllowedCall{SCMP_SYS(sched_getaffinity), "how many processors there are, by the C library"},
    AllowedCall{SCMP_SYS(sched_yield), "locks of libraries"},
    AllowedCall{SCMP_SYS(uname), "the kernel's version"},
    AllowedCall{SCMP_SYS(prlimit64), "limits on itself, which only fall", is_int(0, 0)},
    AllowedCall{SCMP_SYS(seccomp), "narrower filters"},
};

/// What a library may try, and does without.
constexpr std::array kFailing = {
    FailingCall{SCMP_SYS(open), EACCES},
    FailingCall{SCMP_SYS(openat), EACCES},
    FailingCall{SCMP_SYS(access), EACCES},
    FailingCall{SCMP_SYS(readlink), EACCES},
};
constexpr FailingCall kNoStatus{SCMP_SYS(newfstatat), EACCES};
/// Its flags lie in memory, where no filter can see them; the C library turns to clone then.
constexpr FailingCall kNoClone3{SCMP_SYS(clone3), ENOSYS};

#ifdef VIRTSEV_SANITIZED
constexpr std::array kForSanitizers = {
    AllowedCall{SCMP_SYS(pipe2), "the undefined-behaviour checker probes addresses with it"},
    AllowedCall{SCMP_SYS(read), "the same"},
    AllowedCall{SCMP_SYS(close), "the same"},
    AllowedCall{SCMP_SYS(sigaltstack), "the address checker, at a thread's beginning and end"},
    AllowedCall{SCMP_SYS(rt_sigaction), "the address checker's handlers"},
    AllowedCall{SCMP_SYS(sched_yield), "the checkers' locks"},
    AllowedCall{SCMP_SYS(mremap), "the checkers' memory"},
};
#else
constexpr std::array<AllowedCall, 0> kForSanitizers = {};
#endif

template <typename List>
void add(Calls& calls, const List& more) {
  calls.insert(calls.end(), more.begin(), more.end());
}

/// The C library's own signals of threads have the numbers from 32 on.
std::array<int, 2> thread_signals() { return {SIGRTMIN - 1, SIGRTMIN}; }

Calls common() {
  Calls calls;
  add(calls, kCommon);
  add(calls, kForSanitizers);
  const auto own = static_cast<std::uint32_t>(::getpid());
  for (const int signal : {SIGRTMIN, SIGABRT}) {
    calls.push_back({SCMP_SYS(tgkill), "calling a vCPU out of the guest; abort()", is_int(0, own),
                     is_int(2, static_cast<std::uint32_t>(signal))});
  }
  return calls;
}

Filter filter_of(const Calls& calls, const FailingCall& also_failing) {
  std::vector<FailingCall> failing(kFailing.begin(), kFailing.end());
  failing.push_back(also_failing);
  return Filter(calls, failing);
}

}  // namespace

void restrict_to_launch() {
  forbid_core_dumps();
  name_refused_calls();
  Calls calls = common();
  add(calls, kService);
  add(calls, kSimulatedService);
  add(calls, kDevice);  // Its thread begins here, and no filter gives back what another one takes
  add(calls, kLaunch);
  add(calls, launch_requests());
  for (const int signal : thread_signals()) {
    calls.push_back({SCMP_SYS(rt_sigaction), "the signal that calls vCPUs out; the C library's of threads",
                     is_int(0, static_cast<std::uint32_t>(signal))});
  }
  filter_of(calls, kNoClone3).load();
}

std::function<void()> vcpu_sandbox(const SandboxedGuest& guest) {
  Calls calls = common();
  add(calls, vcpu_requests(guest.simulated));
  if (guest.simulated) {
    add(calls, kSimulatedVcpu);
  }
  const auto filter = std::make_shared<const Filter>(filter_of(calls, kNoStatus));
  return [filter] { filter->load(); };
}

std::function<void()> device_sandbox() {
  Calls calls = common();
  add(calls, kDevice);
  const auto filter = std::make_shared<const Filter>(filter_of(calls, kNoStatus));
  return [filter] { filter->load(); };
}

void restrict_to_service(const SandboxedGuest& guest) {
  limit_growth({guest.vcpus, guest.devices, guest.slots, guest.largest_disk});
  Calls calls = common();
  add(calls, kService);
  if (guest.simulated) {
    add(calls, kSimulatedService);
  }
  if (guest.slots > 0) {
    add(calls, kPlugging);
  }
  add(calls, service_requests(guest.simulated));
  filter_of(calls, guest.slots > 0 ? kNoClone3 : kNoStatus).load();
}

}  // namespace virtsev::vmm
