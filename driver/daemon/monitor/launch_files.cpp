// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/launch_files.hpp"

#include <cerrno>

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <termios.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/outcomes/explain_outcome.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"

namespace virtsev::daemon {
namespace {

UniqueFd open_own(const std::string& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd) {
    throw Error(ErrorCode::kSystemError, text("cannot open '{}': {}", path, error_text(errno)));
  }
  return fd;
}

std::string kvm_cure(int error_number) {
  switch (error_number) {
    case ENOENT:
      return text(
          "load the module kvm_amd (or kvm_intel for the simulated platform), and switch on virtualization "
          "in the BIOS");
    case EACCES:
    case EPERM:
      return text("add this user to the group that owns it");
    default:
      return text("see the kernel's log");
  }
}

UniqueFd open_kvm(const std::string& path) {
  UniqueFd kvm(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!kvm) {
    const int error = errno;
    throw Error(ErrorCode::kOperationFailed,
                text("cannot open {}: {}; {}", path, error_text(error), kvm_cure(error)));
  }
  return kvm;
}

// Read-only: KVM asks no more of it, and what is open for writing can make new keys for the whole platform
// (PEK_GEN, PDH_GEN, FACTORY_RESET), with which every owner's session becomes void.
UniqueFd open_sev(const std::string& path) {
  UniqueFd sev(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!sev) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("cannot open {}: {}; `virtsev host` says what this host lacks for SEV", path,
                     error_text(errno)));
  }
  return sev;
}

// Read-only: no monitor may change what the whole host is known by. So it must be there before.
UniqueFd open_identity_for_monitor(const Layout& layout) {
  UniqueFd identity = open_own(layout.platform_directory() + "/identity", O_RDONLY);
  struct stat status {};
  if (::fstat(identity.get(), &status) == 0 && status.st_size == 0) {
    const sevcore::SimulatedPlatform made_at_first_use(open_platform_identity(layout));
  }
  return identity;
}

GivenAsid asid_for(const Layout& layout, const sevcore::SimulationSettings& settings, bool es,
                   const std::set<std::uint32_t>& in_use) {
  const std::uint32_t first = es ? 1 : settings.es_asids + 1;
  const std::uint32_t last = es ? settings.es_asids : settings.last_asid();
  auto given = give_asid(layout, first, last, in_use);
  if (!given) {
    const sevcore::Outcome busy{EBUSY, sevcore::kNoFirmwareCall};
    throw sevcore::initialization_error(sevcore::GuestCommand::kInit2, busy, {es, last - first + 1, true});
  }
  return std::move(*given);
}

}  // namespace

UniqueFd open_platform_identity(const Layout& layout) {
  return open_own(layout.platform_directory() + "/identity", O_RDWR);
}

Console open_console_pair() {
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    throw Error(ErrorCode::kSystemError,
                text("cannot open a pseudo terminal for the console: {}", error_text(errno)));
  }
  Console console{UniqueFd(master), UniqueFd(slave), {}};
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  // The description is shared with the monitor: neither side may block on it.
  ::fcntl(master, F_SETFL, ::fcntl(master, F_GETFL) | O_NONBLOCK);
  termios raw{};
  char path[128];
  if (::tcgetattr(slave, &raw) != 0 || ::ptsname_r(master, path, sizeof path) != 0) {
    throw Error(ErrorCode::kSystemError,
                text("cannot set up the console's pseudo terminal: {}", error_text(errno)));
  }
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  console.path = path;
  return console;
}

LaunchFiles open_launch_files(const Layout& layout, const Configuration& configuration,
                              const LaunchNames& names, const sevcore::Protection& protection,
                              const std::set<std::uint32_t>& asids_in_use) {
  LaunchFiles files;
  files.kvm = open_kvm(configuration.kvm_device);
  if (!sevcore::is_protected(protection)) {
    // No platform protects it: whether there is one does not matter.
  } else if (configuration.platform == control::Platform::kHardware) {
    files.sev = open_sev(configuration.sev_device);
  } else {
    files.platform_identity = open_identity_for_monitor(layout);
    files.asid =
        asid_for(layout, configuration.simulation, sevcore::encrypts_state(protection), asids_in_use);
  }
  for (std::size_t i = 0; i < files.console_log.size(); ++i) {
    const std::string suffix = i == 0 ? "" : "." + std::to_string(i);
    files.console_log[i] = open_own(layout.console_logs() + "/" + names.domain + ".log" + suffix, O_RDWR);
  }
  files.end_file = open_own(names.end_file, O_RDWR | O_TRUNC);
  return files;
}

}  // namespace virtsev::daemon
