// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/device_log.hpp"

#include <utility>

#include <unistd.h>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {

DeviceLog::DeviceLog(std::string device, Sink sink, Clock clock)
    : device_(std::move(device)),
      sink_(std::move(sink)),
      clock_(std::move(clock)),
      interval_began_(clock_()) {}

void DeviceLog::say(const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_();
  if (now - interval_began_ >= kInterval) {
    interval_began_ = now;
    said_ = 0;
  }
  if (said_ == kBurst) {
    ++left_out_;
    return;
  }
  ++said_;
  std::string line = device_ + ": " + what;
  if (left_out_ > 0) {
    line += text(" ({} messages before it were left out)", left_out_);
    left_out_ = 0;
  }
  sink_(line);
}

void DeviceLog::to_standard_error(const std::string& line) {
  (void)write_all(STDERR_FILENO, bytes_of("virtsev-vmm: " + line + "\n"));
}

}  // namespace virtsev::vmm
