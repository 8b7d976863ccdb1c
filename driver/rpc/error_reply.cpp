// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/error_reply.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::rpc {

namespace {

constexpr std::size_t kMaxMessageText = 16384;
constexpr std::int32_t kLevelError = 2;  // VIR_ERR_ERROR

/// Cut before a byte that would split a UTF-8 character, and at a NUL: clients take the text as a C string.
std::string_view printable(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  if (text.size() <= kMaxMessageText) {
    return text;
  }
  std::size_t end = kMaxMessageText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

}  // namespace

std::int32_t error_domain(ErrorCode code) {
  constexpr std::int32_t kDomain = 6, kRpc = 7, kDomainConfig = 20, kAuth = 46;  // virErrorDomain
  switch (code) {
    case ErrorCode::kRpc:
      return kRpc;
    case ErrorCode::kXmlError:
    case ErrorCode::kXmlInvalidSchema:
      return kDomainConfig;
    case ErrorCode::kAuthFailed:
      return kAuth;
    default:
      return kDomain;
  }
}

void put_error(xdr::Encoder& out, ErrorCode code, std::string_view message) {
  out.put_int32(static_cast<std::int32_t>(code));
  out.put_int32(error_domain(code));
  out.put_bool(true);
  out.put_string(printable(message));
  out.put_int32(kLevelError);
  out.put_bool(false);  // dom
  out.put_bool(false);  // str1: clients print `message` alone
  out.put_bool(false);  // str2
  out.put_bool(false);  // str3
  out.put_int32(0);     // int1
  out.put_int32(0);     // int2
  out.put_bool(false);  // net
}

Error unknown_procedure(std::int32_t procedure) {
  // The first words are protocol, not text: a translation of them would not be recognised.
  return {ErrorCode::kRpc, "unknown procedure: " + std::to_string(procedure) + " (" +
                               text("this function is not supported by the connection driver") + ")"};
}

}  // namespace virtsev::rpc
