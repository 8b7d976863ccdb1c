// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor's end of the control protocol: one peer at a time, the newest winning.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include <sys/types.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"
#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// The I/O thread's. A request that takes long, because it waits for something that only the peer can say
/// (wait_until()), does not keep the peer from asking what the wait is for, or from ending it.
class ControlServer {
 public:
  /// Answers a request. The frame is given away: a Start's descriptors are in it. Throws Error, which becomes
  /// a Failure.
  using Handler = std::function<control::Reply(control::Request, control::Frame)>;

  /// `waiting`: a loop of this object's own, for wait_until(). `interrupts`: descriptors that end such a wait
  /// when they are readable; borrowed. `listener`: a listening stream socket. Peers with another uid than
  /// those in `allowed` are turned away (SO_PEERCRED). `on_left`: a peer has gone, and no other one is there.
  struct Loops {
    EventLoop& loop;
    EventLoop& waiting;
    std::vector<int> interrupts;
  };
  ControlServer(Loops loops, UniqueFd listener, std::vector<uid_t> allowed, Handler handler,
                std::function<void()> on_left);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Sends an event to the peer, where one has said Hello and its version knows such an event; else it is
  /// lost.
  void publish(const control::Event& event);

  [[nodiscard]] bool has_had_peer() const { return has_had_peer_; }

  /// The protocol's version that the present peer and this monitor both speak; 0: nobody has said Hello.
  [[nodiscard]] std::uint32_t peer_version() const { return peer_ ? peer_->version : 0; }

  /// For a handler: goes on with the peer, or with the next one where it leaves, until `done`. `on_hello` is
  /// called for each that says Hello meanwhile. Hello, Query and GrantFirmware are answered at once, other
  /// requests when the handler has returned. Throws Error(kOperationAborted) where Quit comes, something
  /// interrupts, or the loop was stopped.
  void wait_until(const std::function<bool()>& done, const std::function<void()>& on_hello);

 private:
  /// Something that both loops watch.
  struct Watched {
    EventLoop::Source in_loop;
    EventLoop::Source in_waiting_loop;
  };
  struct Peer {
    UniqueFd socket;
    Watched watched;
    control::FrameReader reader;
    control::FrameWriter writer;
    bool greeted = false;
    std::uint32_t version = 0;
    std::deque<control::Frame> postponed;  ///< Came during a wait, and are answered after it
  };

  void accept_peer();
  void on_peer(std::uint32_t events);
  /// False: the peer is to be dropped.
  bool read_requests();
  bool answer_all();
  bool answer(control::Frame frame);
  bool greet(const control::Frame& frame, const control::Request& request);
  bool postpone(control::Frame frame);
  Watched watch(int fd, const EventLoop::Callback& callback);
  bool send(control::OutgoingFrame frame);
  bool flush();
  void drop_peer();

  EventLoop& loop_;
  EventLoop& waiting_loop_;
  bool waiting_ = false;
  bool interrupted_ = false;
  std::function<void()> on_hello_;
  UniqueFd listener_;
  Watched watched_listener_;
  std::vector<EventLoop::Source> interrupts_;
  std::vector<uid_t> allowed_;
  Handler handler_;
  std::function<void()> on_left_;
  bool has_had_peer_ = false;
  std::shared_ptr<Peer> peer_;  // Another one may take its place while a handler waits
};

}  // namespace virtsev::vmm
