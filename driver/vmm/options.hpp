// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev-vmm's command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace virtsev::vmm {

struct Options {
  int control_fd = -1;            ///< --control-fd: the listening socket
  std::string name;               ///< --name: the domain's, so that ps(1) shows it
  std::optional<uid_t> peer_uid;  ///< --peer-uid: virtsevd's
};

/// Nothing where the program has nothing more to do; `exit_status` says how it ends then.
std::optional<Options> parse_options(int argc, char** argv, int& exit_status);

/// Who may connect to the control socket: virtsevd's uid alone where it was given; else the own one, and
/// root's.
std::vector<uid_t> allowed_peers(const Options& options);

}  // namespace virtsev::vmm
