// SPDX-License-Identifier: LGPL-2.1-or-later
// One guest: how it runs. How it is made: guest_setup.cpp; how it is debugged: guest_debug.cpp.
#include "driver/vmm/machine/guest.hpp"

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

Guest::~Guest() = default;

void Guest::inject_secret(const control::InjectSecret& secret) {
  if (launch_->commands() == nullptr) {
    throw Error(ErrorCode::kOperationInvalid,
                text("The domain is not protected by SEV: it takes no launch secret"));
  }
  if (has_run_) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("The domain has run already; a launch secret can be set only between `virsh start --paused` and "
             "the first `virsh resume`"));
  }
  std::uint64_t address = report_.secret_address;
  if (secret.address) {
    address = *secret.address;
  } else if (secret.secret.size() > report_.secret_size) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("The secret has {} bytes, but the guest's secret area has room for {}; shorten it, or name an "
             "address (sev-secret-set-address)",
             secret.secret.size(), report_.secret_size));
  }
  launch_->commands()->inject_secret(secret.header, secret.secret, GuestAddress(address));
}

void Guest::resume() {
  if (running_) {
    return;
  }
  if (!has_run_) {
    launch_->finish();
  } else {
    for (const auto& vcpu : vcpus_) {
      vcpu->note_pause();
    }
  }
  has_run_ = true;
  running_ = true;
  start_vcpus();
}

void Guest::pause() {
  if (running_) {
    stop_vcpus();
    running_ = false;
  }
}

void Guest::stop_vcpus() {
  for (const auto& thread : threads_) {
    thread->request_pause();
  }
  for (const auto& thread : threads_) {
    thread->wait_until_still();
  }
}

void Guest::start_vcpus() {
  for (const auto& thread : threads_) {
    thread->resume();
  }
}

std::vector<std::uint64_t> Guest::vcpu_times_ns() const {
  std::vector<std::uint64_t> times;
  for (const auto& thread : threads_) {
    times.push_back(thread->cpu_time_ns());
  }
  return times;
}

std::vector<std::uint32_t> Guest::vcpu_thread_ids() const {
  std::vector<std::uint32_t> ids;
  for (const auto& thread : threads_) {
    ids.push_back(thread->thread_id());
  }
  return ids;
}

void Guest::with_vcpus_still(const std::function<void()>& action) {
  stop_vcpus();
  const auto go_on = [this] {
    if (running_) {
      start_vcpus();
    }
  };
  try {
    action();
  } catch (...) {
    go_on();
    throw;
  }
  go_on();
}

std::string Guest::describe_vcpus() {
  std::string description;
  with_vcpus_still([&] {
    for (std::uint32_t id = 0; id < vcpus_.size(); ++id) {
      description += (id == 0 ? "" : "; ") + handler_->describe_position(*vcpus_[id], id);
    }
  });
  return description;
}

}  // namespace virtsev::vmm
