// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory that all clients' unread and unsent messages take together. A share gives back what it took when
// it goes.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <sys/types.h>

namespace virtsev::rpc {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  [[nodiscard]] std::size_t used() const { return used_; }

  class Share {
   public:
    Share() = default;
    /// `reader`: the user whose read-only client this is for; none for a read-write client. Readers may not
    /// use the last half, so that they can't keep root's clients out, and one user's readers no more than a
    /// quarter of the first, so that they can't keep other users out.
    Share(std::shared_ptr<MemoryBudget> budget, std::optional<uid_t> reader)
        : budget_(std::move(budget)), reader_(reader) {}
    Share(Share&& other) noexcept
        : taken_(std::exchange(other.taken_, 0)), budget_(std::move(other.budget_)), reader_(other.reader_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(taken_, other.taken_);
      std::swap(budget_, other.budget_);
      std::swap(reader_, other.reader_);
      return *this;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      if (budget_) {
        budget_->give_back(taken_, reader_);
      }
    }

    /// Takes `bytes` more; false, and nothing taken, where that is above the limit.
    [[nodiscard]] bool grow(std::size_t bytes) {
      if (!budget_->take(bytes, reader_)) {
        return false;
      }
      taken_ += bytes;
      return true;
    }

   private:
    std::size_t taken_ = 0;
    std::shared_ptr<MemoryBudget> budget_;
    std::optional<uid_t> reader_;
  };

 private:
  static bool fits(std::size_t bytes, std::size_t used, std::size_t limit) {
    return bytes <= limit && used <= limit - bytes;
  }
  bool take(std::size_t bytes, std::optional<uid_t> reader) {
    const std::size_t limit = reader ? limit_ / 2 : limit_;
    if (!fits(bytes, used_, limit)) {
      return false;
    }
    if (reader) {
      const auto found = of_readers_.find(*reader);
      if (!fits(bytes, found == of_readers_.end() ? 0 : found->second, limit / 4)) {
        return false;
      }
      of_readers_[*reader] += bytes;
    }
    used_ += bytes;
    return true;
  }
  void give_back(std::size_t bytes, std::optional<uid_t> reader) {
    used_ -= bytes;
    if (const auto found = reader ? of_readers_.find(*reader) : of_readers_.end();
        found != of_readers_.end() && (found->second -= bytes) == 0) {
      of_readers_.erase(found);
    }
  }

  std::size_t limit_;
  std::size_t used_ = 0;
  std::map<uid_t, std::size_t> of_readers_;  ///< Of used_; no entry holds 0
};

}  // namespace virtsev::rpc
