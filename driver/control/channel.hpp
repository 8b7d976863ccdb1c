// SPDX-License-Identifier: LGPL-2.1-or-later
// How frames travel on a stream socket. Nothing here blocks or owns the socket: virtsev-vmm calls it from
// epoll, virtsevd from its own loop whenever the socket is ready.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "driver/control/frame.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::control {

/// Why a peer is not to be listened to any longer.
enum class ChannelError {
  kClosed,              ///< It closed the connection
  kFailed,              ///< The socket failed
  kBadFrame,            ///< A length or a kind that no version of the protocol has
  kTooManyDescriptors,  ///< More than kMaxDescriptors, or more than its frames announce
  kMissingDescriptors,  ///< Fewer than its frame announces
  kTooSlow,             ///< It does not read what it is sent
};

/// Puts frames together from what arrives in pieces. Holds at most one frame's bytes beyond what it was fed,
/// and kMaxDescriptors.
class FrameReader {
 public:
  /// Takes bytes as they came, and the descriptors that came with them.
  Result<void, ChannelError> feed(ByteView bytes, std::vector<UniqueFd> descriptors);
  /// The next whole frame; nothing while it is not all there. After an error the reader stays failed.
  Result<std::optional<Frame>, ChannelError> next();

 private:
  Result<void, ChannelError> fail(ChannelError error);

  Bytes buffer_;
  std::size_t taken_ = 0;  ///< Bytes of buffer_ that were given away as frames
  std::deque<UniqueFd> descriptors_;
  std::optional<ChannelError> failed_;
};

/// Reads once what is there (at most 64 KiB, close-on-exec set on descriptors) and feeds it. True: something
/// came; false: nothing there now.
Result<bool, ChannelError> receive(int socket, FrameReader& reader);

/// Frames on their way out. Holds copies of their descriptors until they are sent.
class FrameWriter {
 public:
  /// Fails with kTooSlow where more than 4 MiB wait already, with kFailed where a descriptor can't be
  /// duplicated.
  Result<void, ChannelError> push(OutgoingFrame frame);
  /// Sends what the socket takes now. True: all is sent; false: call again when the socket is writable.
  Result<bool, ChannelError> flush(int socket);
  [[nodiscard]] bool empty() const { return frames_.empty(); }

 private:
  struct Pending {
    Bytes bytes;
    std::size_t sent = 0;
    std::vector<UniqueFd> descriptors;
  };
  std::deque<Pending> frames_;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace virtsev::control
