// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's side of a network interface, or of one queue pair of it: frames come and go, without waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <sys/uio.h>

#include "driver/vmm/loop/event_loop.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// Each frame has this before it, both ways: struct virtio_net_hdr with num_buffers (virtio 1.2, 5.1.6).
inline constexpr std::size_t kFrameHeaderSize = 12;
/// A frame's most bytes without it: what a segmentation offload makes of 64 KiB, with its Ethernet header.
inline constexpr std::size_t kMostFrameBytes = 65562;

/// The thread of the loop that open() is given calls all of it.
class NetworkPort {
 public:
  /// What the loop tells of it. `broken`: nothing comes or goes any more, and nothing else is told; why.
  struct Events {
    std::function<void()> readable;
    std::function<void()> writable;
    std::function<void(const std::string& why)> broken;
  };
  /// What the guest takes in frames that it is given.
  struct Offloads {
    bool checksum = false;
    bool tso4 = false;
    bool tso6 = false;
  };
  enum class NoFrame {
    kNow,     ///< There will be: Events::readable
    kBroken,  ///< As Events::broken, which is not called then
  };
  enum class Sent {
    kYes,
    kLater,   ///< There is no room: want_room()
    kNo,      ///< The host does not take this one
    kBroken,  ///< As Events::broken, which is not called then
  };

  virtual ~NetworkPort() = default;

  /// Whether the host fills in checksums and cuts segments, and may leave both to the guest.
  [[nodiscard]] virtual bool has_offloads() const = 0;
  virtual void set_offloads(const Offloads& offloads) = 0;
  /// One of several queues of a device: whether the host gives it frames. Between close() and open().
  virtual void attach(bool attached) = 0;

  /// Frames are wanted from now on, room is not.
  virtual void open(EventLoop& loop, Events events) = 0;
  virtual void close() = 0;
  virtual void want_frames(bool wanted) = 0;
  virtual void want_room(bool wanted) = 0;

  /// The next frame behind its header, good until the next call.
  virtual Result<ByteView, NoFrame> receive() = 0;
  /// A header and a frame of at most kMostFrameBytes; the memory may change meanwhile. At most IOV_MAX - 1
  /// pieces.
  virtual Sent send(std::span<const iovec> pieces) = 0;
  /// Why the last call answered kBroken.
  [[nodiscard]] virtual const std::string& why_broken() const = 0;
};

}  // namespace virtsev::vmm
