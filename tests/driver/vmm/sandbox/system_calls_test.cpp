// SPDX-License-Identifier: LGPL-2.1-or-later
// What a monitor that was taken over can still do: in a child each, because the sandbox never opens again.
#include "driver/vmm/sandbox/system_calls.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/control/codec.hpp"
#include "driver/vmm/kvm/counted_list.hpp"
#include "driver/vmm/memory/host_memory.hpp"
#include "driver/vmm/sandbox/kvm_requests.hpp"
#include "driver/vmm/sandbox/privileges.hpp"
#include "driver/vmm/sandbox/refused_calls.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr int kEndedByHandler = 128 + SIGSYS;

#ifdef VIRTSEV_SANITIZED
constexpr bool kSanitized = true;  // The address checker sets handlers itself, so its builds may
#else
constexpr bool kSanitized = false;
#endif

/// The exit status of a child that does `action` in a sandbox; -signal where that killed it. What it says
/// goes to `output`.
int in_sandbox(const std::function<void()>& sandbox, const std::function<int()>& action,
               std::string* output = nullptr) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(writer.get(), STDERR_FILENO);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    sandbox();
    ::syscall(SYS_exit_group, action());
  }
  writer.reset();
  std::array<char, 4096> said{};
  const ssize_t length = ::read(reader.get(), said.data(), said.size());
  if (output != nullptr && length > 0) {
    *output = std::string(said.data(), static_cast<std::size_t>(length));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void service() {
  restrict_to_launch();
  restrict_to_service({true, 1});
}
void hardware_service() {
  restrict_to_launch();
  restrict_to_service({false, 1});
}
void vcpu() {
  restrict_to_launch();
  vcpu_sandbox({true, 1})();
}
void device() {
  restrict_to_launch();
  device_sandbox()();
}
void hardware_vcpu() {
  restrict_to_launch();
  vcpu_sandbox({false, 1})();
}

void service_with_slots() {
  restrict_to_launch();
  restrict_to_service({true, 1, 1, 0, 2});
}

int in_service(const std::function<int()>& action) { return in_sandbox(service, action); }

TEST(Sandbox, LetsTheMonitorReadAndWriteWhatItHas) {
  EXPECT_EQ(in_service([] {
              char byte = 0;
              return ::pread(STDIN_FILENO, &byte, 0, 0) == 0 || errno == ESPIPE ? 0 : 1;
            }),
            0);
}

TEST(Sandbox, OpeningAFileFailsAtEveryTime) {
  const auto open_file = [] { return ::open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES ? 7 : 1; };
  for (const auto& sandbox : {service, vcpu, device, restrict_to_launch}) {
    EXPECT_EQ(in_sandbox(sandbox, open_file), 7);
  }
}

TEST(Sandbox, ANewSocketEndsTheMonitorAtEveryTime) {
  for (const auto& sandbox : {service, vcpu, device, restrict_to_launch}) {
    EXPECT_EQ(in_sandbox(sandbox, [] { return ::socket(AF_INET, SOCK_STREAM, 0); }), kEndedByHandler);
  }
}

TEST(Sandbox, AnotherProgramEndsTheMonitorAtEveryTime) {
  for (const auto& sandbox : {service, vcpu, device, restrict_to_launch}) {
    EXPECT_EQ(in_sandbox(sandbox, [] { return ::execl("/bin/true", "true", nullptr); }), kEndedByHandler);
  }
}

TEST(Sandbox, ANewProcessEndsTheMonitor) {
  const auto fork = [] { return static_cast<int>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); };
  EXPECT_EQ(in_service(fork), kEndedByHandler);
  EXPECT_EQ(in_sandbox(restrict_to_launch, fork), kEndedByHandler);
}

TEST(Sandbox, SlotsLetTheMonitorMakeDevicesOfWhatItHasAndNothingElse) {
  const auto make = [] {
    struct stat status {};
    const UniqueFd event(::eventfd(0, 0));
    return event && ::fstat(event.get(), &status) == 0 && ::fcntl(event.get(), F_GETFL) >= 0 ? 7 : 1;
  };
  EXPECT_EQ(in_sandbox(service_with_slots, make), 7);
  EXPECT_EQ(in_service(make), kEndedByHandler);
  const auto look = [] {
    struct stat status {};
    return ::stat("/etc/passwd", &status);
  };
  EXPECT_EQ(in_sandbox(service_with_slots, look), kEndedByHandler);
  const auto ring = [](int number, long first, long second) {
    return [=] { return static_cast<int>(::syscall(number, first, second, nullptr, 0)); };
  };
  EXPECT_EQ(in_sandbox(service_with_slots, ring(SYS_io_uring_setup, 1, 0)), kEndedByHandler);
  EXPECT_EQ(in_sandbox(service_with_slots, ring(SYS_io_uring_register, -1, IORING_REGISTER_BUFFERS)),
            kEndedByHandler);
  EXPECT_EQ(in_sandbox(service_with_slots, ring(SYS_clone, SIGCHLD, 0)), kEndedByHandler);
  EXPECT_EQ(in_sandbox(device, ring(SYS_io_uring_register, -1, IORING_REGISTER_FILES_UPDATE)),
            kEndedByHandler);
}

TEST(Sandbox, ALaunchMakesThreads) {
  EXPECT_EQ(in_sandbox(restrict_to_launch,
                       [] {
                         int done = 0;
                         std::thread([&done] { done = 7; }).join();
                         return done;
                       }),
            7);
}

TEST(Sandbox, ExecutableMemoryEndsTheMonitor) {
  EXPECT_EQ(in_service([] {
              return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                     nullptr;
            }),
            kEndedByHandler);
}

TEST(Sandbox, ASimulatedGuestsVcpusMapItsMemoryWhereItWasAndNothingElse) {
  const HostMemory memory = HostMemory::shareable("test", kPageSize);
  const HostMemory place = HostMemory::reserved(kPageSize);
  const auto map = [&](int protection, int flags) {
    return ::mmap(place.data(), kPageSize, protection, flags, memory.descriptor(), 0) == place.data() ? 7 : 1;
  };
  const auto as_it_does = [&] { return map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED); };
  EXPECT_EQ(in_sandbox(vcpu, as_it_does), 7);
  EXPECT_EQ(in_sandbox(hardware_vcpu, as_it_does), kEndedByHandler);
  EXPECT_EQ(in_sandbox(service, as_it_does), kEndedByHandler);
  EXPECT_EQ(in_sandbox(vcpu, [&] { return map(PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED); }),
            kEndedByHandler);
  EXPECT_EQ(in_sandbox(vcpu, [&] { return map(PROT_READ, MAP_PRIVATE | MAP_FIXED); }), kEndedByHandler);
  EXPECT_EQ(in_sandbox(vcpu, [&] { return map(PROT_READ, MAP_SHARED); }), kEndedByHandler);
}

TEST(Sandbox, AnIoctlOfAnotherDriverEndsTheMonitor) {
  EXPECT_EQ(in_service([] { return ::ioctl(STDIN_FILENO, 0x5412, "x"); }),
            kEndedByHandler);  // TIOCSTI: typing into a terminal
}

TEST(Sandbox, KvmsRequestsAreAllowedByName) {
  const auto create_vm = [] { return ::ioctl(STDIN_FILENO, KVM_CREATE_VM, 0) == -1 ? 7 : 1; };
  const auto run = [] { return ::ioctl(STDIN_FILENO, KVM_RUN, 0) == -1 ? 7 : 1; };
  const auto secret = [] { return ::ioctl(STDIN_FILENO, KVM_MEMORY_ENCRYPT_OP, 0) == -1 ? 7 : 1; };
  EXPECT_EQ(in_sandbox(restrict_to_launch, create_vm), 7);
  EXPECT_EQ(in_service(create_vm), kEndedByHandler);
  EXPECT_EQ(in_sandbox(vcpu, create_vm), kEndedByHandler);
  EXPECT_EQ(in_sandbox(vcpu, run), 7);
  const auto single_step = [] { return ::ioctl(STDIN_FILENO, KVM_SET_GUEST_DEBUG, 0) == -1 ? 7 : 1; };
  EXPECT_EQ(in_sandbox(vcpu, single_step), 7);
  EXPECT_EQ(in_sandbox(hardware_vcpu, single_step), kEndedByHandler);
  const auto move_memory = [] { return ::ioctl(STDIN_FILENO, KVM_SET_USER_MEMORY_REGION, 0) == -1 ? 7 : 1; };
  EXPECT_EQ(in_sandbox(vcpu, move_memory), kEndedByHandler) << "a slot stays what it is";
  EXPECT_EQ(in_service(run), kEndedByHandler);
  EXPECT_EQ(in_service(secret), kEndedByHandler);
  EXPECT_EQ(in_sandbox(hardware_service, secret), 7);
}

TEST(Sandbox, AVcpusThreadMovesDevicesInterruptsAndDoorbells) {
  const auto allowed = [](unsigned long request) {
    return in_sandbox(vcpu, [request] { return ::ioctl(STDIN_FILENO, request, 0) == -1 ? 7 : 1; });
  };
  EXPECT_EQ(allowed(kSetGsiRouting), 7);
  EXPECT_EQ(allowed(KVM_IOEVENTFD), 7);
  EXPECT_EQ(allowed(KVM_IRQFD), kEndedByHandler) << "a device's interrupts are made before";
}

TEST(Sandbox, ADevicesThreadMovesDataAndAsksKvmForNothing) {
  EXPECT_EQ(in_sandbox(device,
                       [] {
                         char byte = 0;
                         iovec piece{&byte, 1};
                         return ::preadv(STDERR_FILENO, &piece, 1, 0) == -1 && ::fdatasync(-1) == -1 &&
                                        ::syscall(SYS_getrandom, &byte, 1, 1) == 1
                                    ? 7
                                    : 1;
                       }),
            7);
  for (const std::uint64_t request :
       {std::uint64_t{KVM_RUN}, std::uint64_t{KVM_IRQ_LINE}, std::uint64_t{KVM_IOEVENTFD}}) {
    EXPECT_EQ(in_sandbox(device, [request] { return ::ioctl(STDIN_FILENO, request, 0); }), kEndedByHandler);
  }
  EXPECT_EQ(in_sandbox(device, [] { return static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr)); }),
            kEndedByHandler);
  EXPECT_EQ(in_sandbox(device, [] { return ::accept4(-1, nullptr, nullptr, 0) == -1 ? 7 : 1; }), 7)
      << "a channel's client";
  EXPECT_EQ(in_sandbox(device, [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), kEndedByHandler);
}

TEST(Sandbox, ADevicesThreadSetsATapDeviceUpAndNothingElseOfIt) {
  const auto request = [](unsigned long number) {
    return in_sandbox(device, [number] { return ::ioctl(STDIN_FILENO, number, 0) == -1 ? 7 : 1; });
  };
  EXPECT_EQ(request(TUNSETOFFLOAD), 7);
  EXPECT_EQ(request(TUNSETQUEUE), 7);
  EXPECT_EQ(request(TUNSETIFF), kEndedByHandler);
}

TEST(Sandbox, ARunningGuestsFilesEndWhereItsLargestDiskDoes) {
  const UniqueFd file(::memfd_create("disk", MFD_CLOEXEC));
  const auto write_at = [&](std::uint64_t largest_disk, off_t offset) {
    return in_sandbox(
        [&] {
          std::signal(SIGXFSZ, SIG_IGN);
          restrict_to_launch();
          restrict_to_service({true, 1, 1, largest_disk});
        },
        [&] { return ::pwrite(file.get(), "x", 1, offset) == 1 ? 7 : errno; });
  };
  EXPECT_EQ(write_at(0, 8 << 20), EFBIG);
  EXPECT_EQ(write_at(16 << 20, (16 << 20) - 1), 7);
  EXPECT_EQ(write_at(16 << 20, 16 << 20), EFBIG);
}

TEST(Sandbox, AVcpusThreadHasFewRequestsToKvm) {
  EXPECT_LE(vcpu_requests(true).size(), 24U);
  EXPECT_LE(vcpu_requests(false).size(), 24U);
}

TEST(Sandbox, SignalsReachTheMonitorItselfAlone) {
  EXPECT_EQ(in_service([] {
              std::signal(SIGRTMIN, SIG_DFL);  // refused
              return 1;
            }),
            kSanitized ? 1 : kEndedByHandler);
  const pid_t parent = ::getpid();
  EXPECT_EQ(in_service([parent] { return static_cast<int>(::syscall(SYS_tgkill, parent, parent, SIGABRT)); }),
            kEndedByHandler);
  EXPECT_EQ(
      in_service([] { return static_cast<int>(::syscall(SYS_tgkill, ::getpid(), ::gettid(), SIGABRT)); }),
      -SIGABRT);
}

TEST(Sandbox, DescriptorsAreDuplicatedAndNotGivenAway) {
  EXPECT_EQ(in_service([] { return ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) >= 0 ? 7 : 1; }), 7);
  EXPECT_EQ(in_service([] { return ::fcntl(STDERR_FILENO, F_SETFL, 0); }), kEndedByHandler);
}

TEST(Sandbox, FilesStopGrowing) {
  EXPECT_EQ(in_sandbox(
                [] {
                  std::signal(SIGXFSZ, SIG_IGN);
                  const int file = ::memfd_create("test", 0);
                  ::dup2(file, STDIN_FILENO);
                  service();
                },
                [] { return ::pwrite(STDIN_FILENO, "x", 1, 4 << 20) == -1 && errno == EFBIG ? 7 : 1; }),
            7);
}

TEST(Sandbox, TheCallThatEndsAMonitorIsNamed) {
  std::string output;
  EXPECT_EQ(in_sandbox(
                service, [] { return ::socket(AF_INET, SOCK_STREAM, 0); }, &output),
            kEndedByHandler);
  EXPECT_NE(output.find("the system call socket (41)"), std::string::npos) << output;
  in_sandbox(
      vcpu, [] { return ::ioctl(STDIN_FILENO, KVM_CREATE_VM, 0); }, &output);
  EXPECT_NE(output.find("ioctl (16, request 0xae01)"), std::string::npos) << output;
}

TEST(Sandbox, TheCallThatEndsAMonitorStandsInTheEndFile) {
  const UniqueFd file(::memfd_create("end", 0));
  in_sandbox(
      [&] {
        service();
        tell_refused_calls_to(file.get());
      },
      [] { return static_cast<int>(::syscall(SYS_ptrace, 0, 0, 0, 0)); });
  Bytes content(4096);
  const ssize_t length = ::pread(file.get(), content.data(), content.size(), 0);
  content.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  const auto end = control::parse_end_file(content);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, control::EndReason::kError);
  EXPECT_NE(end->text.find("ptrace (101)"), std::string::npos) << end->text;
}

TEST(Sandbox, NobodyChangesWhatARefusedCallLeadsTo) {
  for (const auto& sandbox : {service, vcpu, device, restrict_to_launch}) {
    EXPECT_EQ(in_sandbox(sandbox,
                         [] {
                           std::signal(SIGSYS, SIG_IGN);
                           return 1;
                         }),
              kSanitized ? 1 : kEndedByHandler);
    EXPECT_EQ(in_sandbox(sandbox,
                         [] {
                           sigset_t blocked;
                           ::sigfillset(&blocked);
                           ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
                           return ::socket(AF_INET, SOCK_STREAM, 0);
                         }),
              -SIGSYS);
  }
}

TEST(Privileges, AreGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    give_up_privileges();
    const bool gone = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && ::prctl(PR_GET_DUMPABLE) == 0 &&
                      ::chroot("/") == -1 && errno == EPERM;
    ::_exit(gone ? 7 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace virtsev::vmm::test
