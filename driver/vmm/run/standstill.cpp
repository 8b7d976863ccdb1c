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
    standstill.changed_.wait(lock, [&] { return !standstill.closed_; });
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

bool Standstill::run_alone(const std::function<void()>& action) {
  {
    std::unique_lock lock(mutex_);
    if (closed_) {
      changed_.wait(lock, [this] { return !closed_; });
      return false;
    }
    closed_ = true;
  }
  stop_others();
  try {
    action();
  } catch (...) {
    let_go_on();
    throw;
  }
  let_go_on();
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
  }
  changed_.notify_all();
}

}  // namespace virtsev::vmm
