// SPDX-License-Identifier: LGPL-2.1-or-later
// What the platform's firmware says of itself, for the owners of guests to come.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>

#include <asio/awaitable.hpp>

#include "driver/daemon/loop/patient_calls.hpp"
#include "sevcore/host-check/platform_information.hpp"

namespace virtsev::daemon {

/// Asks again where the answer is older than `fresh`, and once for all that want it at the same time: the
/// firmware does one thing after the other, and may be busy with a launch. Certificates change behind
/// virtsevd's back (PDH_GEN, PEK_GEN, an import, a factory reset), and an owner who gets an old one makes a
/// session that this platform can't open.
class PlatformInquiry {
 public:
  using Answer = std::shared_ptr<const sevcore::PlatformInformation>;
  using Question = std::function<sevcore::PlatformInformation()>;

  PlatformInquiry(asio::io_context& loop, std::chrono::milliseconds fresh) : calls_(loop), fresh_(fresh) {}

  /// Never null. What `ask` throws is thrown to everybody who waits for it, and not kept.
  asio::awaitable<Answer> get(Question ask);
  /// The next answer comes from the firmware.
  void forget() { flight_.reset(); }

 private:
  struct Flight;
  static asio::awaitable<void> fly(PatientCalls& calls, std::shared_ptr<Flight> flight, Question ask);

  PatientCalls calls_;
  std::chrono::milliseconds fresh_;
  std::shared_ptr<Flight> flight_;  ///< The last question, answered or not
};

}  // namespace virtsev::daemon
