// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's ends of a guest's consoles and channels: pseudo terminals, and sockets that virtsevd makes and
// removes.
#pragma once

#include <string>
#include <vector>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// What a definition asks for.
struct WantedEnd {
  bool socket = false;  ///< Else a terminal
  std::string name;     ///< A file's in virtsevd's own directory
  std::string path;     ///< The socket's own place; empty: virtsevd's
};

/// One of both; nothing of it but its path where an earlier virtsevd opened it.
struct PortEnd {
  UniqueFd master, slave;  ///< Of a terminal
  UniqueFd listener;       ///< Of a socket
  std::string path;        ///< The terminal's, or the socket's
};

/// What is virtsevd's own: terminals, and sockets in `directory`, which is made (0700). `ends`: what is there
/// already, and stays. Throws Error(kSystemError).
void open_port_ends(const std::vector<WantedEnd>& wanted, const std::string& directory,
                    std::vector<PortEnd>& ends);

/// The sockets at places of their own, in users' directories, which may not answer; an end without anything
/// for each other port. Throws Error; kOperationFailed where something else than a socket lies there.
std::vector<PortEnd> listen_at_named_places(const std::vector<WantedEnd>& wanted);

/// Removes the sockets, and the directory.
void remove_port_sockets(const std::vector<PortEnd>& ends, const std::string& directory);

}  // namespace virtsev::daemon
