// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/peer_text.hpp"

#include <algorithm>

namespace virtsev::daemon {

std::string printable(const std::string& text) {
  constexpr std::size_t kMaxBytes = 2000;
  std::string result;
  for (const char c : text) {
    const bool begins_character = (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    if (result.size() >= kMaxBytes && begins_character) {
      break;
    }
    const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
    result += control ? '?' : c;
    if (result.size() >= 2 * kMaxBytes) {
      break;  // Nothing but continuation bytes: no text at all
    }
  }
  return result;
}

std::string printable_line(const std::string& text) {
  std::string line = printable(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

ErrorCode known_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNoSupport:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kOperationFailed:
    case ErrorCode::kXmlError:
    case ErrorCode::kOperationDenied:
    case ErrorCode::kSystemError:
    case ErrorCode::kOperationInvalid:
    case ErrorCode::kConfigUnsupported:
    case ErrorCode::kOperationTimeout:
    case ErrorCode::kArgumentUnsupported:
    case ErrorCode::kOperationAborted:
    case ErrorCode::kOperationUnsupported:
    case ErrorCode::kResourceBusy:
    case ErrorCode::kAccessDenied:
      return code;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace virtsev::daemon
