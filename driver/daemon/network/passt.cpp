// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/network/passt.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::InterfaceDefinition;
using domain_xml::PortForward;

constexpr int kConnection = 3;

[[noreturn]] void fail(const InterfaceDefinition& interface, const std::string& reason) {
  throw Error(ErrorCode::kOperationFailed,
              text("<interface> {}: {}", domain_xml::format_mac(interface.mac), reason));
}

/// "127.0.0.1/2222-2230:22-30" (passt(1), --tcp-ports).
std::string port_specification(const PortForward& forward) {
  const auto range = [](unsigned start, unsigned end) {
    return start == end ? std::to_string(start) : std::to_string(start) + "-" + std::to_string(end);
  };
  const unsigned count = forward.end - forward.start;
  return (forward.address.empty() ? "" : forward.address + "/") + range(forward.start, forward.end) + ":" +
         range(forward.guest_start, forward.guest_start + count);
}

/// Descriptors and signals as a new program expects them.
class SpawnPlan {
 public:
  SpawnPlan(int connection, int messages) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, messages, STDERR_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, connection, kConnection);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD}) {
      ::sigaddset(&defaults, number);
    }
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// An errno; 0: started.
  int start(const std::string& program, const std::vector<std::string>& arguments, pid_t& process) const {
    std::vector<char*> words = {const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) {
      words.push_back(const_cast<char*>(argument.c_str()));
    }
    words.push_back(nullptr);
    std::array<char*, 2> environment = {const_cast<char*>("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nullptr};
    return ::posix_spawnp(&process, program.c_str(), &actions_, &attributes_, words.data(),
                          environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// What it wrote before it ended, which may be nothing.
std::string read_messages(int pipe) {
  std::array<char, 2048> buffer{};
  const ssize_t got = uninterrupted([&] { return ::read(pipe, buffer.data(), buffer.size()); });
  return got > 0 ? printable_line(std::string(buffer.data(), static_cast<std::size_t>(got))) : std::string();
}

}  // namespace

std::vector<std::string> passt_arguments(const InterfaceDefinition& interface) {
  std::vector<std::string> arguments = {"--quiet", "--fd", std::to_string(kConnection)};
  if (interface.mtu != 0) {
    arguments.insert(arguments.end(), {"--mtu", std::to_string(interface.mtu)});
  }
  for (const PortForward& forward : interface.forwards) {
    arguments.insert(arguments.end(),
                     {forward.udp ? "--udp-ports" : "--tcp-ports", port_specification(forward)});
  }
  return arguments;
}

UniqueFd start_passt(const std::string& program, const InterfaceDefinition& interface) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    fail(interface, error_text(errno));
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  int pipe[2] = {-1, -1};
  if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    fail(interface, error_text(errno));
  }
  const UniqueFd reading(pipe[0]);
  const UniqueFd writing(pipe[1]);
  // Out of the way of what becomes descriptor 3; copied from there, so that it closes at exec itself.
  constexpr int kHigh = 100;
  const UniqueFd high_theirs(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kHigh));
  const UniqueFd high_writing(::fcntl(writing.get(), F_DUPFD_CLOEXEC, kHigh));
  if (!high_theirs || !high_writing) {
    fail(interface, error_text(errno));
  }
  pid_t process = -1;
  const int error =
      SpawnPlan(high_theirs.get(), high_writing.get()).start(program, passt_arguments(interface), process);
  if (error == ENOENT) {
    fail(interface, text("interfaces of type 'user' need passt, which is not installed here ('{}'): install "
                         "it, or write type='bridge' or type='ethernet'",
                         program));
  }
  if (error != 0) {
    fail(interface, text("cannot start '{}': {}", program, error_text(error)));
  }
  // It goes into the background once it serves.
  int status = 0;
  uninterrupted([&] { return ::waitpid(process, &status, 0); });
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string said = read_messages(reading.get());
    fail(interface, text("'{}' did not start ({}): see its messages in the system's log, and the ports that "
                         "are forwarded",
                         program, said.empty() ? text("it said nothing") : said));
  }
  return ours;
}

}  // namespace virtsev::daemon
