// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/unanswered_shutdown.hpp"

#include <time.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// A clock that a restart of virtsevd does not set back.
std::uint64_t seconds_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec);
}

}  // namespace

std::optional<std::uint64_t> unanswered_shutdown(const Run& run) {
  if (run.shutdown_asked == 0) {
    return std::nullopt;
  }
  const std::uint64_t now = seconds_since_boot();
  return now > run.shutdown_asked ? now - run.shutdown_asked : 0;
}

void Lifecycle::expect_shutdown(const DomainPtr& domain, const RunPtr& run) {
  if (domain->run != run) {
    return;  // It was quick
  }
  run->shutdown_asked = std::max<std::uint64_t>(seconds_since_boot(), 1);
  save_status(domain);
  watch_shutdown(domain, run);
}

// Says it once, when it is due; a guest that was asked before virtsevd was started may be past that.
void Lifecycle::watch_shutdown(const DomainPtr& domain, const RunPtr& run) {
  const std::uint64_t limit = context_.configuration.shutdown_notice_seconds;
  const auto waited = unanswered_shutdown(*run);
  if (!waited || *waited > limit) {
    return;
  }
  run->shutdown_notice.expires_after(std::chrono::seconds(limit - *waited));
  run->shutdown_notice.async_wait([weak_domain = std::weak_ptr<Domain>(domain),
                                   weak_run = std::weak_ptr<Run>(run), limit](const std::error_code& error) {
    const auto owner = weak_domain.lock();
    const auto live = weak_run.lock();
    if (!error && owner && live && owner->run == live) {
      log_warning(
          text("domain '{}': it was asked to shut down {} s ago, and still runs; a guest without acpid or "
               "systemd takes no notice of its power button; `virsh destroy` ends it",
               owner->name, limit));
    }
  });
}

}  // namespace virtsev::daemon
