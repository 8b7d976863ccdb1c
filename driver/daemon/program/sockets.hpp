// SPDX-License-Identifier: LGPL-2.1-or-later
// The sockets that clients come in by: bound here, or handed over by the service manager.
#pragma once

#include <string>
#include <vector>

#include "driver/daemon/files/layout.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

struct ListeningSocket {
  UniqueFd fd;
  bool read_only = false;
  std::string path;  ///< To be removed at the end; empty where the service manager made it
};

/// From the service manager (LISTEN_FDS, LISTEN_FDNAMES: virtsevd.socket, virtsevd-ro.socket) where it gave
/// any, else bound at the layout's places: read-write 0600; read-only 0666 for the system, 0600 under --root,
/// none for a session. Throws Error.
std::vector<ListeningSocket> open_sockets(const Layout& layout, bool session);

}  // namespace virtsev::daemon
