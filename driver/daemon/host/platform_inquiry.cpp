// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/platform_inquiry.hpp"

#include <asio/this_coro.hpp>

#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

struct PlatformInquiry::Flight {
  explicit Flight(const asio::any_io_executor& executor) : landed(executor), never(executor) {}
  Latch landed, never;
  Answer answer;
  std::exception_ptr failure;
  std::chrono::steady_clock::time_point at;  ///< When the question was answered
};

asio::awaitable<void> PlatformInquiry::fly(PatientCalls& calls, std::shared_ptr<Flight> flight,
                                           Question ask) {
  const auto found = std::make_shared<sevcore::PlatformInformation>();
  try {
    std::function<void()> work = [found, ask = std::move(ask)] { *found = ask(); };
    co_await calls.run(std::move(work), flight->never);
    flight->answer = found;
  } catch (...) {
    flight->failure = std::current_exception();
  }
  flight->at = std::chrono::steady_clock::now();
  flight->landed.fire();
}

asio::awaitable<PlatformInquiry::Answer> PlatformInquiry::get(Question ask) {
  const auto now = std::chrono::steady_clock::now();
  const bool first =
      !flight_ || (flight_->landed.fired() && (!flight_->answer || now - flight_->at >= fresh_));
  if (first) {
    flight_ = std::make_shared<Flight>(co_await asio::this_coro::executor);
  }
  const std::shared_ptr<Flight> flight = flight_;
  if (first) {
    co_await fly(calls_, flight, std::move(ask));
  } else {
    co_await flight->landed.wait();
  }
  if (flight->failure) {
    std::rethrow_exception(flight->failure);
  }
  co_return flight->answer;
}

}  // namespace virtsev::daemon
