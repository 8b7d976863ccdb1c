// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/platform/firmware_turns.hpp"

#include <algorithm>
#include <utility>

#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

bool same(const std::weak_ptr<TurnTaker>& one, const std::weak_ptr<TurnTaker>& other) {
  return !one.owner_before(other) && !other.owner_before(one);
}

}  // namespace

std::chrono::milliseconds firmware_time(std::uint32_t delay_ms_per_mib, std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1U << 20;
  const std::uint64_t size = std::min(bytes, kMiB);
  return std::chrono::milliseconds((size * delay_ms_per_mib + kMiB - 1) / kMiB);
}

FirmwareTurns::FirmwareTurns(const asio::any_io_executor& executor, Patience patience)
    : patience_(patience), timer_(executor) {}

void FirmwareTurns::want(const std::shared_ptr<TurnTaker>& taker, std::uint64_t number, Milliseconds time) {
  const auto earlier =
      std::ranges::find_if(wishes_, [&taker](const Wish& wish) { return same(wish.taker, taker); });
  if (earlier != wishes_.end()) {
    earlier->number = number;
    earlier->time = time;
    return;
  }
  wishes_.push_back({taker, number, time});
  next(Clock::now());
}

void FirmwareTurns::done(const std::shared_ptr<TurnTaker>& taker, std::uint64_t number) {
  if (turn_ && same(turn_->wish.taker, taker) && turn_->wish.number == number) {
    const auto now = Clock::now();
    take_back(now);
    next(now);
  }
}

void FirmwareTurns::forget(const std::shared_ptr<TurnTaker>& taker) {
  std::erase_if(wishes_, [&taker](const Wish& wish) { return same(wish.taker, taker); });
  paused_.erase(taker);
  if (turn_ && same(turn_->wish.taker, taker)) {
    turn_.reset();
    next(Clock::now());
  }
}

void FirmwareTurns::take_back(Clock::time_point now) {
  const Turn turn = *std::exchange(turn_, std::nullopt);
  const auto too_long = now - turn.since - turn.wish.time - patience_.unnoticed;
  if (too_long > Clock::duration::zero()) {
    paused_[turn.wish.taker] = now + too_long;
  }
}

void FirmwareTurns::next(Clock::time_point now) {
  if (turn_) {
    return;
  }
  std::erase_if(wishes_, [](const Wish& wish) { return wish.taker.expired(); });
  std::erase_if(paused_, [now](const auto& pause) { return pause.first.expired() || pause.second <= now; });
  const auto first =
      std::ranges::find_if(wishes_, [this](const Wish& wish) { return !paused_.contains(wish.taker); });
  if (first != wishes_.end()) {
    Wish wish = std::move(*first);
    wishes_.erase(first);
    give(std::move(wish), now);
  } else if (!wishes_.empty()) {
    wait_until(std::ranges::min_element(paused_, {}, [](const auto& pause) { return pause.second; })->second);
  }
}

void FirmwareTurns::give(Wish wish, Clock::time_point now) {
  const Milliseconds limit = wish.time + patience_.grace;
  const auto taker = wish.taker.lock();
  const std::uint64_t number = wish.number;
  turn_ = Turn{std::move(wish), now};
  wait_until(now + limit);
  taker->grant_firmware(number, limit);
}

void FirmwareTurns::wait_until(Clock::time_point when) {
  timer_.expires_at(when);
  timer_.async_wait([this](const std::error_code& error) {
    if (error) {
      return;
    }
    if (turn_) {
      overdue();
    } else {
      next(Clock::now());
    }
  });
}

void FirmwareTurns::overdue() {
  const Wish wish = turn_->wish;
  const Milliseconds limit = wish.time + patience_.grace;
  if (Clock::now() < turn_->since + limit) {
    return;  // A timer of an earlier turn, which was called for when it could not be cancelled any more
  }
  const auto has_it_still = [this, &wish] {
    return turn_ && same(turn_->wish.taker, wish.taker) && turn_->wish.number == wish.number;
  };
  if (const auto taker = wish.taker.lock()) {
    taker->catch_up();
    if (!has_it_still()) {
      return;
    }
    taker->end_for(text("it kept the simulated firmware, for which other guests wait, for more than {} s",
                        std::chrono::ceil<std::chrono::seconds>(limit).count()));
  }
  if (has_it_still()) {
    turn_.reset();
    next(Clock::now());
  }
}

}  // namespace virtsev::daemon
