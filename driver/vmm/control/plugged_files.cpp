// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/control/plugged_files.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace virtsev::vmm {

void PluggedFiles::take(const spec::DeviceDescription& device, control::Frame& frame) {
  const auto* address = std::get_if<spec::PciAddress>(&device.address);
  if (address == nullptr || address->port == 0) {
    return;
  }
  const std::vector<int> its = spec::files_of(device);
  std::vector<UniqueFd> taken;
  for (UniqueFd& descriptor : frame.descriptors) {
    if (descriptor && std::find(its.begin(), its.end(), descriptor.get()) != its.end()) {
      taken.push_back(std::move(descriptor));
    }
  }
  files_[device.id] = std::move(taken);
}

void PluggedFiles::give_back(const std::string& id) {
  const auto found = files_.find(id);
  if (found == files_.end()) {
    return;
  }
  struct flock all {};
  all.l_type = F_UNLCK;
  all.l_whence = SEEK_SET;
  for (const UniqueFd& descriptor : found->second) {
    (void)::fcntl(descriptor.get(), F_OFD_SETLK, &all);
  }
  files_.erase(found);
}

}  // namespace virtsev::vmm
