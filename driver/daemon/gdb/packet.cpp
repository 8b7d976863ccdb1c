// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/gdb/packet.hpp"

#include <numeric>

#include "sevcore/base/hex.hpp"

namespace virtsev::daemon::gdb {
namespace {

constexpr char kInterruptByte = '\x03';
constexpr char kWell = '+';
constexpr char kEscape = '}';
constexpr char kEscapeBit = 0x20;
constexpr std::string_view kToBeEscaped = "$#}*";
constexpr std::size_t kChecksumDigits = 2;

/// The sum of what stands between $ and #, as it travels.
std::uint8_t checksum(std::string_view data) {
  return std::accumulate(data.begin(), data.end(), std::uint8_t{0}, [](std::uint8_t sum, char c) {
    return static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
  });
}

std::string without_escapes(std::string_view data) {
  std::string out;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const bool escaped = data[i] == kEscape && i + 1 < data.size();
    out += escaped ? static_cast<char>(data[++i] ^ kEscapeBit) : data[i];
  }
  return out;
}

}  // namespace

std::optional<Input> PacketReader::next() {
  const std::size_t begin = buffer_.find_first_of("$-+\x03");
  buffer_.erase(0, begin);
  if (buffer_.empty()) {
    return std::nullopt;
  }
  if (buffer_.front() == kWell) {
    buffer_.erase(0,
                  buffer_.find_first_not_of(kWell));  // All of them at once: somebody may send nothing else
    return Acknowledged{};
  }
  if (buffer_.front() != '$') {
    const bool interrupt = buffer_.front() == kInterruptByte;
    buffer_.erase(0, 1);
    return interrupt ? Input(Interrupt{}) : Input(Resend{});
  }
  const std::size_t end = buffer_.find('#');
  if (end == std::string::npos || buffer_.size() - end - 1 < kChecksumDigits) {
    return std::nullopt;
  }
  const std::string data = buffer_.substr(1, end - 1);
  const auto sum = from_hex(std::string_view(buffer_).substr(end + 1, kChecksumDigits));
  buffer_.erase(0, end + 1 + kChecksumDigits);
  if (!sum || sum->front() != checksum(data) || data.size() > kMaxPacket) {
    return Damaged{};
  }
  return Packet{without_escapes(data)};
}

std::string frame(std::string_view data) {
  std::string escaped;
  for (const char c : data) {
    if (kToBeEscaped.find(c) != std::string_view::npos) {
      escaped += kEscape;
      escaped += static_cast<char>(c ^ kEscapeBit);
    } else {
      escaped += c;
    }
  }
  const std::uint8_t sum = checksum(escaped);
  return "$" + escaped + "#" + to_hex(ByteView(&sum, 1));
}

}  // namespace virtsev::daemon::gdb
