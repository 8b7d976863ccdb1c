// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/boot_id.hpp"

#include "driver/daemon/files/read_file.hpp"

namespace virtsev::daemon {

const std::string& boot_id() {
  static const std::string id = [] {
    std::string content = read_small("/proc/sys/kernel/random/boot_id");
    while (!content.empty() && content.back() == '\n') {
      content.pop_back();
    }
    return content;
  }();
  return id;
}

}  // namespace virtsev::daemon
