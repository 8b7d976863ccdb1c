// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/control/firmware_turn.hpp"

#include <exception>

namespace virtsev::vmm {
namespace {

constexpr std::uint32_t kFirstVersion = 4;

}  // namespace

void FirmwareTurn::enter(std::uint64_t bytes) {
  if (held_) {
    return;
  }
  ++number_;
  wanted_ = true;
  try {
    server_.wait_until([this] { return held_; }, [this, bytes] { ask(bytes); });
  } catch (...) {
    wanted_ = false;
    throw;
  }
}

// Of each peer again: a virtsevd that was started again knows nothing of the wish.
void FirmwareTurn::ask(std::uint64_t bytes) {
  if (server_.peer_version() < kFirstVersion) {
    wanted_ = false;
    held_ = true;
  } else if (wanted_) {
    server_.publish(control::FirmwareWanted{number_, bytes});
  }
}

void FirmwareTurn::give_back(std::uint64_t number) { server_.publish(control::FirmwareDone{number}); }

void FirmwareTurn::granted(std::uint64_t number) {
  if (wanted_ && number == number_) {
    wanted_ = false;
    held_ = true;
  } else if (!held_ || number != number_) {
    give_back(number);  // It was given up
  }
}

void FirmwareTurn::leave() noexcept {
  if (!held_ || batching_) {
    return;
  }
  held_ = false;
  try {
    give_back(number_);
  } catch (const std::exception&) {
    // No memory for a message: virtsevd's patience with this turn is bounded.
  }
}

}  // namespace virtsev::vmm
