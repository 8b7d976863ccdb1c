// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/interrupts/interrupts.hpp"

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/eventfd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

InterruptLine Interrupts::line(std::uint32_t gsi) {
  const std::lock_guard lock(mutex_);
  if (!gsis_.take_line(gsi)) {
    throw Error(ErrorCode::kInternal,
                text("interrupt line {} can't be given to a device: another one has it, or there is no such "
                     "line",
                     gsi));
  }
  return {*this, gsi};
}

Msi Interrupts::msi() {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  const std::lock_guard lock(mutex_);
  const std::optional<std::uint32_t> gsi = gsis_.take_any();
  if (!gsi) {
    throw Error(ErrorCode::kOperationFailed,
                text("the guest has no interrupt left for another device: all {} are in use", kGsis));
  }
  try {
    controller_.connect(*gsi, event.get());
  } catch (...) {
    gsis_.give_back(*gsi);
    throw;
  }
  return {*this, *gsi, std::move(event)};
}

void Interrupts::give_back(std::uint32_t gsi) {
  const std::lock_guard lock(mutex_);
  gsis_.give_back(gsi);
}

bool Interrupts::apply() {
  std::vector<InterruptController::Route> routes;
  routes.reserve(messages_.size());
  for (const auto& [gsi, message] : messages_) {
    routes.push_back({gsi, message});
  }
  return controller_.set_routes(routes);
}

bool Interrupts::set_message(std::uint32_t gsi, const MsiMessage& message) {
  const std::lock_guard lock(mutex_);
  std::map<std::uint32_t, MsiMessage> before = messages_;
  messages_[gsi] = message;
  if (apply()) {
    return true;
  }
  messages_ = std::move(before);
  return false;
}

void Interrupts::clear_message(std::uint32_t gsi) {
  const std::lock_guard lock(mutex_);
  if (messages_.erase(gsi) > 0) {
    (void)apply();  // What is left was accepted before
  }
}

void Interrupts::remove(std::uint32_t gsi, int event) {
  clear_message(gsi);
  controller_.disconnect(gsi, event);
  give_back(gsi);
}

InterruptLine::~InterruptLine() {
  if (interrupts_ != nullptr) {
    lower();
    interrupts_->give_back(gsi_);
  }
}

InterruptLine::InterruptLine(InterruptLine&& other) noexcept
    : interrupts_(std::exchange(other.interrupts_, nullptr)), gsi_(other.gsi_), level_(other.level_) {}

InterruptLine& InterruptLine::operator=(InterruptLine&& other) noexcept {
  InterruptLine gone(std::move(other));
  std::swap(interrupts_, gone.interrupts_);
  std::swap(gsi_, gone.gsi_);
  std::swap(level_, gone.level_);
  return *this;
}

void InterruptLine::set(bool level) {
  if (interrupts_ != nullptr && level != level_) {
    level_ = level;
    interrupts_->set_line(gsi_, level);
  }
}

Msi::~Msi() {
  if (interrupts_ != nullptr) {
    interrupts_->remove(gsi_, event_.get());
  }
}

Msi::Msi(Msi&& other) noexcept
    : interrupts_(std::exchange(other.interrupts_, nullptr)),
      gsi_(other.gsi_),
      event_(std::move(other.event_)) {}

Msi& Msi::operator=(Msi&& other) noexcept {
  Msi gone(std::move(other));
  std::swap(interrupts_, gone.interrupts_);
  std::swap(gsi_, gone.gsi_);
  std::swap(event_, gone.event_);
  return *this;
}

bool Msi::set_message(const MsiMessage& message) { return interrupts_->set_message(gsi_, message); }

void Msi::clear_message() { interrupts_->clear_message(gsi_); }

void Msi::send() const { (void)::eventfd_write(event_.get(), 1); }

}  // namespace virtsev::vmm
