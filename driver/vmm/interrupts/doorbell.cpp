// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/interrupts/doorbell.hpp"

#include <cerrno>
#include <system_error>

#include <sys/eventfd.h>

namespace virtsev::vmm {

Doorbell::Doorbell(DoorbellController& controller)
    : controller_(controller), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

bool Doorbell::place_at(const DoorbellPlace& place) {
  remove();
  if (controller_.add(place, event_.get())) {
    place_ = place;
  }
  return place_.has_value();
}

void Doorbell::remove() {
  if (place_) {
    controller_.remove(*place_, event_.get());
    place_.reset();
  }
}

}  // namespace virtsev::vmm
