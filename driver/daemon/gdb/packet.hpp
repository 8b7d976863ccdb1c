// SPDX-License-Identifier: LGPL-2.1-or-later
// Packets of gdb's remote protocol (the GDB manual, appendix "GDB Remote Serial Protocol", Overview):
// $DATA#CHECKSUM, with + and - between them, and the byte 3 that interrupts a running target.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace virtsev::daemon::gdb {

/// What the longest packet holds; told to gdb as PacketSize.
inline constexpr std::size_t kMaxPacket = 16384;

struct Packet {
  std::string data;  ///< Without its frame; escapes are undone
};
struct Damaged {};  ///< A packet with another checksum: it is asked for again
struct Interrupt {};
struct Resend {};        ///< Ours has come damaged
struct Acknowledged {};  ///< Ours has come well
using Input = std::variant<Packet, Damaged, Interrupt, Resend, Acknowledged>;

/// Takes bytes as they come, gives packets as they are whole.
class PacketReader {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  /// Nothing: more bytes are needed. What belongs to no packet is skipped.
  std::optional<Input> next();
  /// The peer sends a packet longer than any: there is no telling where the next one begins.
  [[nodiscard]] bool overrun() const { return buffer_.size() > 2 * kMaxPacket; }

 private:
  std::string buffer_;
};

/// `data` in its frame.
std::string frame(std::string_view data);

}  // namespace virtsev::daemon::gdb
