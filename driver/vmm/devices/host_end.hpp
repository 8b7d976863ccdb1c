// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's end of a port of the guest's: a pseudo terminal, or a UNIX socket that one client at a time
// talks to.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <sys/uio.h>

#include "driver/vmm/loop/event_loop.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// Keeps no bytes: what the guest has no room for stays in the kernel, whose own bound its sender meets; what
/// a client has no room for stays with the guest. The thread of the loop that open() is given calls all of
/// it.
class HostEnd {
 public:
  struct Events {
    std::function<void()> readable;   ///< As want_input() asks for
    std::function<void()> writable;   ///< As want_room() asks for
    std::function<void()> connected;  ///< A client came or went: is_connected()
  };
  /// Borrowed, and non-blocking: one of both, the other is -1.
  struct Descriptors {
    int terminal = -1;  ///< A pty's master: a client is always there
    int listener = -1;  ///< A UNIX stream socket; further clients wait in its backlog
  };

  explicit HostEnd(Descriptors descriptors) : given_(descriptors) {}

  void open(EventLoop& loop, Events events);
  /// A client's connection ends.
  void close();
  [[nodiscard]] bool is_connected() const { return peer() >= 0; }

  void want_input(bool wanted);
  void want_room(bool wanted);
  /// How many bytes there were, at most what the pieces take. None: there are none now, or the client has
  /// gone, and Events::connected was called.
  std::size_t read(std::span<const iovec> pieces);
  /// How many bytes were taken; none as above. The memory may change meanwhile.
  std::size_t write(std::span<const iovec> pieces);

 private:
  [[nodiscard]] int peer() const { return client_ ? client_.get() : is_open_ ? given_.terminal : -1; }
  [[nodiscard]] bool is_terminal() const { return given_.terminal >= 0; }
  void listen();
  void accept();
  void disconnect();
  void on_events(std::uint32_t events);
  void want(std::uint32_t event, bool wanted);
  void apply();
  std::size_t moved(ssize_t result);

  const Descriptors given_;
  EventLoop* loop_ = nullptr;
  Events events_;
  bool is_open_ = false;
  UniqueFd client_;
  std::uint32_t wanted_ = 0;
  bool hung_up_ = false;  // A terminal that nobody has at its other end
  EventLoop::Source listening_;
  EventLoop::Source watching_;
};

}  // namespace virtsev::vmm
