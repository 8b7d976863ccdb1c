// SPDX-License-Identifier: LGPL-2.1-or-later
// What a machine shows, and can be told, without its guest: buttons and lamps. Whoever has the machine knows
// these and no device.
#pragma once

#include <functional>

namespace virtsev::vmm {

struct Panel {
  // The guest's wishes, for devices to pass on: any thread, without a lock of theirs, more than once.
  std::function<void()> power_off = [] {};
  std::function<void()> reset = [] {};
  std::function<void()> panicked = [] {};  ///< Its kernel, by its own word

  // Devices put theirs here when they are made, and stay as long as the machine then. Called by the I/O
  // thread.
  std::function<void()> press_power_button = [] {};
  std::function<bool()> has_spoken = [] { return false; };  ///< The guest has sent a byte to its console
};

}  // namespace virtsev::vmm
