// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/control_socket.hpp"

#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// The directory by its descriptor: short, whatever its path is.
struct Place {
  UniqueFd directory;
  sockaddr_un address{};
  bool good = false;
};

Place place_of(const std::string& directory, const std::string& name) {
  Place place;
  place.directory = UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string path = "/proc/self/fd/" + std::to_string(place.directory.get()) + "/" + name;
  if (place.directory && path.size() < sizeof place.address.sun_path) {
    place.address.sun_family = AF_UNIX;
    std::memcpy(place.address.sun_path, path.c_str(), path.size() + 1);
    place.good = true;
  }
  return place;
}

UniqueFd new_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

}  // namespace

UniqueFd listen_at(const std::string& directory, const std::string& name, unsigned mode, int backlog) {
  const Place place = place_of(directory, name);
  UniqueFd socket = new_socket();
  bool good = place.good && socket.valid();
  if (good) {
    ::unlink(place.address.sun_path);
    // The mode must hold from the first moment on: bind() gives the socket's own, less the umask. That is the
    // whole process's, and other threads make files: it is only changed where others than the owner are let
    // in.
    const bool others = (mode & 0077U) != 0;
    const mode_t old = others ? ::umask(static_cast<mode_t>(~mode & 0777U)) : mode_t{0};
    good = ::fchmod(socket.get(), mode) == 0 &&
           ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&place.address), sizeof place.address) == 0;
    if (others) {
      ::umask(old);
    }
  }
  if (!good || ::listen(socket.get(), backlog) != 0) {
    throw Error(ErrorCode::kSystemError,
                text("cannot listen on the socket '{}/{}': {}", directory, name, error_text(errno)));
  }
  return socket;
}

UniqueFd connect_to(const std::string& directory, const std::string& name) {
  const Place place = place_of(directory, name);
  UniqueFd socket = new_socket();
  if (!place.good || !socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&place.address), sizeof place.address) != 0) {
    return {};
  }
  return socket;
}

}  // namespace virtsev::daemon
