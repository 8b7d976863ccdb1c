// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/vmm_path.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

std::string find_vmm(const std::string& configured) {
  constexpr const char* kName = "virtsev-vmm";
  std::vector<std::string> places;
  const char* const named = ::getenv("VIRTSEV_VMM");
  if (!configured.empty()) {
    places.push_back(configured);
  } else if (named != nullptr && named[0] == '/') {
    places.emplace_back(named);
  } else {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
      places.push_back((self.parent_path().parent_path() / "vmm" / kName).string());
    }
    places.push_back(std::string(VIRTSEV_LIBEXEC_DIR "/") + kName);
    const char* const path = ::getenv("PATH");
    std::istringstream directories(path != nullptr ? path : "");
    for (std::string directory; std::getline(directories, directory, ':');) {
      if (directory.starts_with('/')) {
        places.push_back(directory + "/" + kName);
      }
    }
  }
  for (const std::string& place : places) {
    if (::access(place.c_str(), X_OK) == 0) {
      return place;
    }
  }
  throw Error(
      ErrorCode::kOperationFailed,
      configured.empty()
          ? text("virtsev-vmm was not found (neither at {}, nor in a directory of PATH); install it, or set "
                 "'vmm' in virtsevd.conf",
                 std::string(VIRTSEV_LIBEXEC_DIR) + "/" + kName)
          : text("the monitor '{}', which virtsevd.conf names as 'vmm', can't be executed", configured));
}

}  // namespace virtsev::daemon
