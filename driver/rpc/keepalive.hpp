// SPDX-License-Identifier: LGPL-2.1-or-later
// When to ask a silent peer whether it is still there, and when to give it up (libvirt's
// src/rpc/virkeepalive.c): a peer that stays silent is pinged once an interval, and is dead after (count + 1)
// intervals.
#pragma once

#include <chrono>

namespace virtsev::rpc {

class Keepalive {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Verdict { kAlive, kPing, kDead };

  Keepalive(std::chrono::milliseconds interval, unsigned count, Clock::time_point now)
      : interval_(interval), count_(count), due_(now + interval) {}

  /// Any packet at all came from the peer.
  void heard(Clock::time_point now) {
    unanswered_ = 0;
    due_ = now + interval_;
  }

  /// To be asked at due(), and then again at the new due().
  Verdict check(Clock::time_point now) {
    if (now < due_) {
      return Verdict::kAlive;
    }
    if (unanswered_ == count_) {
      return Verdict::kDead;
    }
    ++unanswered_;
    due_ = now + interval_;
    return Verdict::kPing;
  }

  [[nodiscard]] Clock::time_point due() const { return due_; }

 private:
  std::chrono::milliseconds interval_;
  unsigned count_;
  unsigned unanswered_ = 0;
  Clock::time_point due_;
};

}  // namespace virtsev::rpc
