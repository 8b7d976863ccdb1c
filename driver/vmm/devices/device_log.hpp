// SPDX-License-Identifier: LGPL-2.1-or-later
// What a device has to say to people who read the domain's log: a guest can't fill it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace virtsev::vmm {

/// At most kBurst lines in each kInterval; how many were left out stands at the end of the next one. Any
/// thread.
class DeviceLog {
 public:
  static constexpr unsigned kBurst = 5;
  static constexpr std::chrono::seconds kInterval{60};

  using Sink = std::function<void(const std::string& line)>;
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// `device`: its id, before each line. Lines go to standard error, which virtsevd made the domain's log.
  explicit DeviceLog(std::string device, Sink sink = to_standard_error,
                     Clock clock = std::chrono::steady_clock::now);

  void say(const std::string& what);

  /// Without a limit: for what says by itself that it has one.
  static void to_standard_error(const std::string& line);

 private:
  std::string device_;
  Sink sink_;
  Clock clock_;
  std::mutex mutex_;  // Of all below
  std::chrono::steady_clock::time_point interval_began_;
  unsigned said_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace virtsev::vmm
