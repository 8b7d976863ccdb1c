// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/jobs/job.hpp"

#include <utility>

namespace virtsev::daemon {

void Job::set_progress(const Progress& progress) {
  const bool more = progress.done > progress_.done || (progress_.total == 0 && progress.total > 0);
  if (!more || progress.done > progress.total) {
    return;
  }
  progress_ = progress;
  if (on_progress_) {
    on_progress_();
  }
}

void Job::abort() {
  if (!std::exchange(aborted_, true)) {
    give_up_();
  }
}

JobHold::JobHold(std::shared_ptr<Job>& place, std::shared_ptr<Job> job)
    : place_(place), job_(std::move(job)) {
  place_ = job_;
}

JobHold::~JobHold() {
  if (place_ == job_) {
    place_.reset();
  }
  job_->over().fire();
}

}  // namespace virtsev::daemon
