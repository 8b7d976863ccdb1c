// SPDX-License-Identifier: LGPL-2.1-or-later
// A device that is a few I/O ports, and nothing else.
#pragma once

#include <utility>

#include "driver/vmm/devices/device.hpp"

namespace virtsev::vmm {

/// `Model`: a BusDevice.
template <typename Model>
class PortDevice final : public Device {
 public:
  template <typename... Arguments>
  PortDevice(Bus& ports, const char* name, BusRange range, Arguments&&... arguments)
      : model_(std::forward<Arguments>(arguments)...),
        attachment_(attach_or_throw(ports, name, range, model_)) {}

  Model& model() { return model_; }

 private:
  Model model_;
  Bus::Attachment attachment_;
};

}  // namespace virtsev::vmm
