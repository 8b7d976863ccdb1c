// SPDX-License-Identifier: LGPL-2.1-or-later
// What fuzzers of devices have in common: numbers out of an input, and a loop that is run as far as there is
// something to do.
#pragma once

#include <algorithm>
#include <cstdlib>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "driver/vmm/loop/event_loop.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::fuzz {

inline void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// What is left of the input; zeros behind its end.
class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  template <typename Number>
  Number number() {
    ByteArray<sizeof(Number)> bytes{};
    const std::size_t size = std::min(bytes.size(), bytes_.size());
    std::copy_n(bytes_.begin(), size, bytes.begin());
    bytes_ = bytes_.subspan(size);
    return get_le<Number>(bytes, 0);
  }
  ByteView take(std::size_t size) {
    const ByteView taken = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  ByteView bytes_;
};

/// A loop on the fuzzer's own thread, so that each run of an input is the same.
class PumpedLoop {
 public:
  vmm::EventLoop& loop() { return loop_; }
  /// Until nothing is left to do: an event that is always there has come twice, and so all others between.
  void pump() {
    const int end = idle_calls_ + 2;
    while (idle_calls_ < end) {
      loop_.run_once();
    }
  }

 private:
  vmm::EventLoop loop_;
  UniqueFd always_{::eventfd(1, EFD_CLOEXEC)};
  int idle_calls_ = 0;
  vmm::EventLoop::Source idle_ =
      loop_.watch(always_.get(), EPOLLIN, [this](std::uint32_t) { ++idle_calls_; });
};

}  // namespace virtsev::fuzz
