// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/run/standstill.hpp"

#include <algorithm>
#include <utility>

namespace virtsev::vmm {

Standstill::Member::Member(Standstill& standstill, std::function<void()> kick)
    : standstill_(standstill), kick_(std::move(kick)) {
  const std::lock_guard lock(standstill_.mutex_);
  standstill_.members_.push_back(this);
}

Standstill::Member::~Member() {
  const std::lock_guard lock(standstill_.mutex_);
  std::erase(standstill_.members_, this);
}

Standstill::Visit::Visit(Member& member) : member_(member) {
  Standstill& standstill = member_.standstill_;
  while (true) {
    member_.inside_ = true;
    if (!standstill.closed_) {
      return;
    }
    std::unique_lock lock(standstill.mutex_);
    member_.inside_ = false;
    standstill.changed_.notify_all();
    standstill.wait_for_end(lock);
  }
}

Standstill::Visit::~Visit() {
  member_.inside_ = false;
  Standstill& standstill = member_.standstill_;
  if (standstill.closed_) {
    // Under the lock, so that whoever waits has either seen it or hears of it.
    const std::lock_guard lock(standstill.mutex_);
    standstill.changed_.notify_all();
  }
}

void Standstill::wait_for_end(std::unique_lock<std::mutex>& lock) {
  while (!changed_.wait_for(lock, kTurn, [this] { return !closed_; })) {
    if (hurry_) {
      hurried_ = true;
      hurry_();
    }
  }
}

void Standstill::leave_a_turn() {
  std::unique_lock lock(mutex_);
  if (std::exchange(hurried_, false)) {
    // Else who is quicker would have it again before those that waited have come as far as the guest.
    changed_.wait_for(lock, kTurn, [this] { return closed_.load(); });
  }
}

bool Standstill::run_alone(const std::function<void()>& action, const std::function<void()>& hurry) {
  {
    std::unique_lock lock(mutex_);
    if (closed_) {
      wait_for_end(lock);
      return false;
    }
    closed_ = true;
    hurry_ = hurry;
  }
  stop_others();
  try {
    action();
  } catch (...) {
    let_go_on();
    throw;
  }
  let_go_on();
  leave_a_turn();
  return true;
}

void Standstill::stop_others() {
  std::unique_lock lock(mutex_);
  // Under the lock no thread ends, so that none is called that is gone.
  for (const Member* member : members_) {
    if (member->inside_) {
      member->kick_();
    }
  }
  changed_.wait(lock, [this] {
    return std::none_of(members_.begin(), members_.end(),
                        [](const Member* member) { return member->inside_.load(); });
  });
}

void Standstill::let_go_on() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    hurry_ = {};
  }
  changed_.notify_all();
}

}  // namespace virtsev::vmm
