// SPDX-License-Identifier: LGPL-2.1-or-later
// The descriptors of devices in slots: they go when their device goes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "driver/control/frame.hpp"
#include "driver/control/messages.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// The I/O thread's.
class PluggedFiles {
 public:
  /// Takes those of the device out of the message that they came with; nothing where it is in no slot.
  void take(const spec::DeviceDescription& device, control::Frame& frame);
  /// Closes those of this device, and unlocks them: its ring may have its image open for a second more, and
  /// who wants it next should not find it in use.
  void give_back(const std::string& id);

 private:
  std::map<std::string, std::vector<UniqueFd>> files_;
};

}  // namespace virtsev::vmm
