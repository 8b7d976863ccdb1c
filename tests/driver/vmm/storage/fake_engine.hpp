// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine whose operations end when, and how, a test says.
#pragma once

#include <deque>
#include <utility>

#include "driver/vmm/memory/pieces.hpp"
#include "driver/vmm/storage/io_engine.hpp"

namespace virtsev::vmm::test {

/// What a Storage owns; `begun` and `batch` are the test's.
class FakeEngine final : public IoEngine {
 public:
  struct Seen {
    std::deque<IoOperation*> begun;
    std::size_t total = 0;
    std::function<void()> batch;

    /// The oldest one; it has ended when this returns.
    void end_first(std::int64_t result) {
      IoOperation* const operation = begun.front();
      begun.pop_front();
      operation->done(result);
      if (batch) {
        batch();
      }
    }
    /// The oldest, wholly.
    void end_first() {
      const bool transfers =
          begun.front()->kind == IoOperation::Kind::kRead || begun.front()->kind == IoOperation::Kind::kWrite;
      end_first(transfers ? static_cast<std::int64_t>(size_of(begun.front()->pieces)) : 0);
    }
    void end_all() {
      while (!begun.empty()) {
        end_first();
      }
    }
  };

  explicit FakeEngine(Seen& seen) : seen_(seen) {}
  void begin(IoOperation& operation) override {
    seen_.begun.push_back(&operation);
    ++seen_.total;
  }
  void submit() override {}
  void on_batch(std::function<void()> batch) override { seen_.batch = std::move(batch); }

 private:
  Seen& seen_;
};

}  // namespace virtsev::vmm::test
