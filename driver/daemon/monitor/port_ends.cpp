// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/port_ends.hpp"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "driver/daemon/monitor/launch_files.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

/// One client talks at a time; so many may wait for their turn.
constexpr int kBacklog = 1;
constexpr unsigned kMode = 0600;

void make_own(const std::string& directory) {
  for (const std::string& path : {std::filesystem::path(directory).parent_path().string(), directory}) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      throw Error(ErrorCode::kSystemError, text("cannot make the directory '{}' for the guest's channels: {}",
                                                path, error_text(errno)));
    }
  }
}

bool is_socket(const std::string& path, bool& is_there) {
  struct stat status {};
  is_there = ::lstat(path.c_str(), &status) == 0;
  return is_there && S_ISSOCK(status.st_mode);
}

UniqueFd listen_at_place(const std::string& path) {
  bool is_there = false;
  if (!is_socket(path, is_there) && is_there) {
    throw Error(
        ErrorCode::kOperationFailed,
        text("<channel><source>: '{}' is there, and is not a socket; remove it, or name another path", path));
  }
  const std::filesystem::path place(path);
  return listen_at(place.parent_path().string(), place.filename().string(), kMode, kBacklog);
}

}  // namespace

void open_port_ends(const std::vector<WantedEnd>& wanted, const std::string& directory,
                    std::vector<PortEnd>& ends) {
  ends.resize(wanted.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const WantedEnd& port = wanted[i];
    PortEnd& end = ends[i];
    if (!port.socket && !end.master) {
      Console console = open_console_pair();
      end.master = std::move(console.master);
      end.slave = std::move(console.slave);
      end.path = std::move(console.path);
    } else if (port.socket && port.path.empty()) {
      make_own(directory);
      end.listener = listen_at(directory, port.name, kMode, kBacklog);
      end.path = directory + "/" + port.name;
    }
  }
}

std::vector<PortEnd> listen_at_named_places(const std::vector<WantedEnd>& wanted) {
  std::vector<PortEnd> ends(wanted.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (!wanted[i].path.empty()) {
      ends[i].listener = listen_at_place(wanted[i].path);
      ends[i].path = wanted[i].path;
    }
  }
  return ends;
}

void remove_port_sockets(const std::vector<PortEnd>& ends, const std::string& directory) {
  for (const PortEnd& end : ends) {
    bool is_there = false;
    if (!end.path.empty() && is_socket(end.path, is_there)) {
      ::unlink(end.path.c_str());
    }
  }
  ::rmdir(directory.c_str());
}

}  // namespace virtsev::daemon
