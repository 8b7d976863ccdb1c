// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory that all clients' unread and unsent messages take together. A share gives back what it took when
// it goes.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace virtsev::rpc {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  [[nodiscard]] std::size_t used() const { return used_; }

  class Share {
   public:
    Share() = default;
    /// A read-only client may not use the last half, so that it can't keep root's clients out.
    Share(std::shared_ptr<MemoryBudget> budget, bool read_only)
        : limit_(read_only ? budget->limit_ / 2 : budget->limit_), budget_(std::move(budget)) {}
    Share(Share&& other) noexcept
        : limit_(other.limit_), taken_(std::exchange(other.taken_, 0)), budget_(std::move(other.budget_)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(limit_, other.limit_);
      std::swap(taken_, other.taken_);
      std::swap(budget_, other.budget_);
      return *this;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      if (budget_) {
        budget_->used_ -= taken_;
      }
    }

    /// Takes `bytes` more; false, and nothing taken, where that is above the limit.
    [[nodiscard]] bool grow(std::size_t bytes) {
      if (bytes > limit_ || budget_->used_ > limit_ - bytes) {
        return false;
      }
      budget_->used_ += bytes;
      taken_ += bytes;
      return true;
    }

   private:
    std::size_t limit_ = 0;
    std::size_t taken_ = 0;
    std::shared_ptr<MemoryBudget> budget_;
  };

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace virtsev::rpc
