// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor's end of the control protocol: one peer at a time, the newest winning.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <sys/types.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"
#include "driver/vmm/monitor/event_loop.hpp"

namespace virtsev::vmm {

class ControlServer {
 public:
  /// Answers a request. The frame is given away: a Start's descriptors are in it. Throws Error, which becomes
  /// a Failure.
  using Handler = std::function<control::Reply(control::Request, control::Frame)>;

  /// `listener`: a listening stream socket. Peers with another uid than those in `allowed` are turned away
  /// (SO_PEERCRED).
  /// `on_left`: a peer has gone, and no other one is there.
  ControlServer(EventLoop& loop, UniqueFd listener, std::vector<uid_t> allowed, Handler handler,
                std::function<void()> on_left);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Sends an event to the peer, where one has said Hello; else it is lost.
  void publish(const control::Event& event);

  [[nodiscard]] bool has_had_peer() const { return has_had_peer_; }

 private:
  struct Peer {
    UniqueFd socket;
    control::FrameReader reader;
    control::FrameWriter writer;
    bool greeted = false;
  };

  void accept_peer();
  void on_peer(std::uint32_t events);
  /// False: the peer is to be dropped.
  bool read_requests();
  bool answer(control::Frame frame);
  bool send(control::OutgoingFrame frame);
  bool flush();
  void drop_peer();

  EventLoop& loop_;
  UniqueFd listener_;
  std::vector<uid_t> allowed_;
  Handler handler_;
  std::function<void()> on_left_;
  bool has_had_peer_ = false;
  bool answering_ = false;
  std::unique_ptr<Peer> peer_;
};

}  // namespace virtsev::vmm
