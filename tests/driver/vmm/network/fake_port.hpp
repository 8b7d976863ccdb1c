// SPDX-License-Identifier: LGPL-2.1-or-later
// A port without a host: a test gives it frames, and says what becomes of those it gets.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "driver/vmm/memory/pieces.hpp"
#include "driver/vmm/network/network_port.hpp"

namespace virtsev::vmm::test {

/// What a device owns; Seen is the test's.
class FakePort final : public NetworkPort {
 public:
  struct Seen {
    bool has_offloads = true;
    std::deque<Bytes> incoming;  ///< With their headers
    bool ended = false;          ///< Behind them the port is broken
    std::vector<Bytes> sent;     ///< With their headers
    Sent answer = Sent::kYes;
    Offloads offloads;
    bool is_open = false;
    bool attached = true;
    bool frames_wanted = false;
    bool room_wanted = false;
    Events events;

    /// The loop's part: tells of frames for as long as they are wanted.
    void run() {
      while (is_open && frames_wanted && (!incoming.empty() || ended)) {
        events.readable();
      }
    }
  };

  explicit FakePort(Seen& seen) : seen_(seen) {}
  [[nodiscard]] bool has_offloads() const override { return seen_.has_offloads; }
  void set_offloads(const Offloads& offloads) override { seen_.offloads = offloads; }
  void attach(bool attached) override { seen_.attached = attached; }
  void open(EventLoop& /*loop*/, Events events) override {
    seen_.events = std::move(events);
    seen_.is_open = seen_.frames_wanted = true;
  }
  void close() override { seen_.is_open = seen_.frames_wanted = seen_.room_wanted = false; }
  void want_frames(bool wanted) override { seen_.frames_wanted = wanted; }
  void want_room(bool wanted) override { seen_.room_wanted = wanted; }
  Result<ByteView, NoFrame> receive() override {
    if (seen_.incoming.empty()) {
      return unexpected(seen_.ended ? NoFrame::kBroken : NoFrame::kNow);
    }
    frame_ = std::move(seen_.incoming.front());
    seen_.incoming.pop_front();
    return ByteView(frame_);
  }
  Sent send(std::span<const iovec> pieces) override {
    if (seen_.answer == Sent::kYes) {
      copy_out(pieces, 0, seen_.sent.emplace_back(size_of(pieces)));
    }
    return seen_.answer;
  }
  [[nodiscard]] const std::string& why_broken() const override { return why_; }

 private:
  Seen& seen_;
  Bytes frame_;
  std::string why_ = "the test ended it";
};

}  // namespace virtsev::vmm::test
