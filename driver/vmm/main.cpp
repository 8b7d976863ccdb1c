// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev-vmm: the monitor of one SEV guest. It opens no path; all that it needs comes over the control
// socket.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "driver/vmm/control/control_server.hpp"
#include "driver/vmm/control/monitor.hpp"
#include "driver/vmm/control/resident_memory.hpp"
#include "driver/vmm/control/termination_signal.hpp"
#include "driver/vmm/loop/timer.hpp"
#include "driver/vmm/options.hpp"
#include "driver/vmm/sandbox/privileges.hpp"
#include "driver/vmm/sandbox/system_calls.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::vmm {
namespace {

/// So long a monitor waits for its first peer: a virtsevd that died before it connected leaves nothing
/// behind.
constexpr std::chrono::seconds kFirstPeer{60};

void serve(const Options& options) {
  UniqueFd listener(options.control_fd);
  ::fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
  EventLoop loop;
  EventLoop waiting;
  const ResidentMemory memory;
  const TerminationSignal termination;
  give_up_privileges();

  ControlServer* server = nullptr;
  Monitor monitor({loop, [&server](const control::Event& event) { server->publish(event); }, vcpu_sandbox,
                   device_sandbox, restrict_to_service, [&memory] { return memory.bytes(); }});
  ControlServer control(
      {loop, waiting, {termination.descriptor(), monitor.end_descriptor()}}, std::move(listener),
      allowed_peers(options),
      [&monitor](control::Request request, control::Frame frame) {
        return monitor.handle(std::move(request), std::move(frame));
      },
      [&monitor] { monitor.on_peer_left(); });
  server = &control;
  monitor.wait_in(std::make_shared<FirmwareTurn>(control));
  EventLoop::Source on_termination = loop.watch(termination.descriptor(), EPOLLIN, [&](std::uint32_t) {
    on_termination = {};
    monitor.on_termination();
  });
  Timer first_peer(loop, [&] {
    if (!control.has_had_peer()) {
      loop.stop();
    }
  });
  first_peer.set(kFirstPeer);
  restrict_to_launch();
  loop.run();
}

}  // namespace
}  // namespace virtsev::vmm

int main(int argc, char** argv) {
  // virtsevd executes a descriptor, which leaves its number as the name.
  ::prctl(PR_SET_NAME, "virtsev-vmm", 0, 0, 0);
  virtsev::set_up_text();
  // Loads the catalogues, ours and the C library's: in the sandbox no file can be opened.
  (void)virtsev::text("virtsev-vmm: {}", std::strerror(EINVAL));
  int exit_status = 0;
  const auto options = virtsev::vmm::parse_options(argc, argv, exit_status);
  if (!options) {
    return exit_status;
  }
  // A terminal that goes away, or a peer, is no reason to end a guest.
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  // Nor is a file that may grow no more (sandbox/limits.hpp).
  std::signal(SIGXFSZ, SIG_IGN);
  // Arenas of threads would be made writable piece by piece, by a call that the sandbox need not have.
  ::mallopt(M_ARENA_MAX, 1);
  try {
    // The monitor opens no path, and is ready sooner.
    virtsev::sevcore::crypto::read_no_configuration();
    virtsev::vmm::serve(*options);
  } catch (const std::exception& error) {
    std::fputs((virtsev::text("virtsev-vmm: {}", error.what()) + "\n").c_str(), stderr);
    return EXIT_FAILURE;
  }
  // Exit handlers of libraries and of checkers want more than the sandbox lets them.
  std::_Exit(EXIT_SUCCESS);
}
