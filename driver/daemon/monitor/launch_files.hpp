// SPDX-License-Identifier: LGPL-2.1-or-later
// All that virtsevd opens for a monitor, which itself opens no path.
#pragma once

#include <array>
#include <set>
#include <string>

#include "driver/control/messages.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/files/layout.hpp"
#include "driver/daemon/platform/asid_files.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// A pseudo terminal in raw mode; `path` is its slave's.
struct Console {
  UniqueFd master, slave;
  std::string path;
};

/// Throws Error(kSystemError).
Console open_console_pair();

/// Descriptors that travel with Start.
struct LaunchFiles {
  UniqueFd kvm;
  UniqueFd sev;                ///< Hardware only; open for reading alone
  UniqueFd platform_identity;  ///< Simulated only; open for reading alone
  GivenAsid asid;              ///< Simulated only
  std::array<UniqueFd, 4> console_log;
  UniqueFd end_file;
};

/// What a guest's files are called.
struct LaunchNames {
  std::string domain;
  std::string end_file;  ///< Its path
};
/// Opens the devices that this guest needs on this platform, and takes an ASID of the simulated one, which is
/// none of `asids_in_use`. Throws Error that says which device, why, and what to do; Error(kResourceBusy)
/// where no ASID is free. The end file is emptied.
LaunchFiles open_launch_files(const Layout& layout, const Configuration& configuration,
                              const LaunchNames& names, const sevcore::Protection& protection,
                              const std::set<std::uint32_t>& asids_in_use);

/// lib/platform/identity, made where missing (0600).
UniqueFd open_platform_identity(const Layout& layout);

}  // namespace virtsev::daemon
