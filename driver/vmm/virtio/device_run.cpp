// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/virtio/device_run.hpp"

#include <utility>

#include <sys/epoll.h>

#include "driver/vmm/virtio/virtio_numbers.hpp"

namespace virtsev::vmm {
namespace {

/// At each write of an event there is one call, without its being read: a system call less for each kick.
constexpr std::uint32_t kEachWrite = EPOLLIN | EPOLLET;

}  // namespace

DeviceRun::DeviceRun(VirtioDevice& device, const SharedMemory& memory, EventLoop& loop,
                     std::vector<int> doorbells, VirtioTransport& transport, Owner owner)
    : device_(device),
      memory_(memory),
      loop_(loop),
      doorbells_(std::move(doorbells)),
      transport_(transport),
      owner_(std::move(owner)),
      wake_(loop, [this] { on_wake(); }) {}

void DeviceRun::begin(Setup setup) {
  const std::lock_guard lock(mutex_);
  to_begin_ = std::move(setup);
  wake_.signal();
}

void DeviceRun::end() {
  const std::lock_guard lock(mutex_);
  to_end_ = true;
  wake_.signal();
}

void DeviceRun::on_wake() {
  std::unique_lock lock(mutex_);
  const std::optional<Setup> setup = std::exchange(to_begin_, std::nullopt);
  lock.unlock();
  if (setup) {
    start(*setup);
  }
  lock.lock();
  const bool ends = to_end_;
  lock.unlock();
  if (phase_ == Phase::kRunning && (ends || failed_)) {
    stop();
  }
  if (phase_ == Phase::kStopping && device_stopped_) {
    queues_.clear();
    phase_ = Phase::kFailed;
  }
  if (ends && (phase_ == Phase::kFailed || phase_ == Phase::kIdle)) {
    finish();
  }
}

void DeviceRun::finish() {
  {
    const std::lock_guard lock(mutex_);
    to_end_ = false;
  }
  phase_ = Phase::kIdle;
  failed_ = false;
  owner_.stopped();
}

bool DeviceRun::make_queues(const Setup& setup) {
  for (std::size_t i = 0; i < setup.queues.size(); ++i) {
    if (!setup.queues[i].enabled) {
      queues_.emplace_back();
      continue;
    }
    auto queue = SplitQueue::make(
        setup.queues[i], memory_,
        {(setup.features & virtio::kRingIndirect) != 0, (setup.features & virtio::kRingEventIndex) != 0,
         [this, i] { owner_.interrupt(i); }});
    if (!queue) {
      failed_ = true;
      phase_ = Phase::kFailed;
      queues_.clear();
      owner_.failed(queue.error().what);
      return false;
    }
    queues_.push_back(std::move(*queue));
  }
  return true;
}

void DeviceRun::start(const Setup& setup) {
  device_stopped_ = false;
  queues_.clear();
  if (!make_queues(setup)) {
    return;
  }
  phase_ = Phase::kRunning;
  std::vector<Queue*> queues;
  for (const auto& queue : queues_) {
    queues.push_back(queue.get());
  }
  device_.start(setup.features, std::move(queues), memory_, transport_);
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (queues_[i]) {
      const auto number = static_cast<std::uint16_t>(i);
      kicks_.push_back(
          loop_.watch(doorbells_[i], kEachWrite, [this, number](std::uint32_t) { ring(number); }));
      ring(number);  // A driver may have filled it before
    }
  }
}

void DeviceRun::ring(std::uint16_t queue) {
  if (phase_ == Phase::kRunning && !failed_) {
    device_.kicked(queue);
  }
}

void DeviceRun::fail(const std::string& why) {
  if (phase_ == Phase::kRunning && !failed_) {
    failed_ = true;
    owner_.failed(why);
    wake_.signal();  // The device's call that led here returns first
  }
}

void DeviceRun::stop() {
  kicks_.clear();
  phase_ = Phase::kStopping;
  device_.stop([this] {
    device_stopped_ = true;
    wake_.signal();  // What the device still has on its stack may be its queues
  });
}

}  // namespace virtsev::vmm
