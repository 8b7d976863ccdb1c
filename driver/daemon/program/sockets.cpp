// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/program/sockets.hpp"

#include <cstdlib>

#include <systemd/sd-daemon.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr int kBacklog = 1000;

std::vector<ListeningSocket> activated_sockets() {
  std::vector<ListeningSocket> sockets;
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    const std::string name = names != nullptr ? names[i] : "";
    UniqueFd fd(SD_LISTEN_FDS_START + i);
    if (name == "virtsevd.socket" || name == "virtsevd-ro.socket") {
      sockets.push_back({std::move(fd), name == "virtsevd-ro.socket", {}});
    } else {
      log_warning(text("the service manager passed a socket named '{}', which virtsevd does not know", name));
    }
  }
  for (int i = 0; names != nullptr && i < count; ++i) {
    std::free(names[i]);
  }
  std::free(names);
  return sockets;
}

}  // namespace

std::vector<ListeningSocket> open_sockets(const Layout& layout, bool session) {
  std::vector<ListeningSocket> sockets = activated_sockets();
  if (!sockets.empty()) {
    return sockets;
  }
  sockets.push_back(
      {listen_at(layout.socket_directory, "virtsevd-sock", 0600, kBacklog), false, layout.socket()});
  if (!session) {
    const unsigned mode = layout.system ? 0666 : 0600;
    sockets.push_back({listen_at(layout.socket_directory, "virtsevd-sock-ro", mode, kBacklog), true,
                       layout.read_only_socket()});
  }
  return sockets;
}

}  // namespace virtsev::daemon
