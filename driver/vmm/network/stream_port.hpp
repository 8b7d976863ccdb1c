// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream socket over which frames go behind their length, as passt has it (passt(1), "--socket"; the
// convention is QEMU's, of -netdev stream): 4 bytes, big-endian, then the frame.
#pragma once

#include "driver/vmm/network/network_port.hpp"
#include "driver/vmm/network/port_watch.hpp"

namespace virtsev::vmm {

/// Whoever is at its other end decides about nothing but frames: a length that is too large, or the end of
/// the stream, breaks the port and no more. It keeps at most one frame each way.
class StreamPort final : public NetworkPort {
 public:
  /// `socket`: borrowed, a connected stream socket.
  explicit StreamPort(int socket);

  [[nodiscard]] bool has_offloads() const override { return false; }
  void set_offloads(const Offloads& /*offloads*/) override {}
  void attach(bool /*attached*/) override {}
  void open(EventLoop& loop, Events events) override;
  void close() override;
  void want_frames(bool wanted) override;
  void want_room(bool wanted) override;
  Result<ByteView, NoFrame> receive() override;
  Sent send(std::span<const iovec> pieces) override;
  [[nodiscard]] const std::string& why_broken() const override { return why_broken_; }

 private:
  static constexpr std::size_t kLengthSize = 4;
  /// Before a frame, its length's place included, its header is made.
  static constexpr std::size_t kHeadroom = kFrameHeaderSize - kLengthSize;

  void on_events(std::uint32_t events);
  [[nodiscard]] std::size_t length_at_start() const;
  bool flush();
  bool fill();
  Sent broken(const char* doing);

  int socket_;
  bool room_wanted_ = false;
  Bytes in_;
  std::size_t start_ = kHeadroom;  // Of what was read and not given: a length
  std::size_t end_ = kHeadroom;
  Bytes out_;             // The rest of a frame that was begun
  std::size_t sent_ = 0;  // Of it
  std::string why_broken_;
  Events events_;
  PortWatch watch_;
};

}  // namespace virtsev::vmm
