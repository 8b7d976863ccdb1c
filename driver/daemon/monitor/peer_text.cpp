// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/peer_text.hpp"

#include "sevcore/base/printable.hpp"

namespace virtsev::daemon {

namespace {

constexpr std::size_t kMaxBytes = 2000;

}  // namespace

std::string printable(const std::string& text) {
  return virtsev::printable(cut_at_character(text, kMaxBytes));
}

std::string printable_line(const std::string& text) {
  return virtsev::printable_line(cut_at_character(text, kMaxBytes));
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
