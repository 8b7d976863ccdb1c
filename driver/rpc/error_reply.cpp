// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/rpc/error_reply.hpp"

#include "driver/rpc/protocol.hpp"
#include "driver/xdr/decoder.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::rpc {

namespace {

constexpr std::size_t kMaxMessageText = 16384;
constexpr std::int32_t kLevelError = 2;  // VIR_ERR_ERROR

// As people read it, without what would steer their terminals, and to a NUL: clients take it as a C string.
std::string fit(std::string_view text) {
  return printable(cut_at_character(text.substr(0, text.find('\0')), kMaxMessageText));
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

void put_error(xdr::Encoder& out, ErrorCode code, std::string_view message,
               std::optional<std::int32_t> domain) {
  out.put_int32(static_cast<std::int32_t>(code));
  out.put_int32(domain.value_or(error_domain(code)));
  out.put_bool(true);
  out.put_string(fit(message));
  out.put_int32(kLevelError);
  out.put_bool(false);  // dom
  out.put_bool(false);  // str1: clients print `message` alone
  out.put_bool(false);  // str2
  out.put_bool(false);  // str3
  out.put_int32(0);     // int1
  out.put_int32(0);     // int2
  out.put_bool(false);  // net
}

void throw_foreign_error(ByteView payload) {
  xdr::Decoder in(payload);
  const std::int32_t code = in.get_int32();
  const std::int32_t domain = in.get_int32();
  const std::string message = in.get_bool() ? in.get_string(kMaxString) : std::string();
  if (!in.ok()) {
    throw Error(ErrorCode::kRpc, text("another daemon of libvirt's failed, and did not say how"));
  }
  throw ForeignError(
      static_cast<ErrorCode>(code), domain,
      message.empty() ? text("another daemon of libvirt's failed, and did not say how") : message);
}

Error unknown_procedure(std::int32_t procedure) {
  // The first words are protocol, not text: a translation of them would not be recognised.
  return {ErrorCode::kRpc, "unknown procedure: " + std::to_string(procedure) + " (" +
                               text("this function is not supported by the connection driver") + ")"};
}

Error foreign_procedure(std::uint32_t program, std::int32_t procedure) {
  return {
      ErrorCode::kNoSupport,
      program == kQemuProgram
          ? text("procedure {} of libvirt's QEMU program is not supported: virtsev's guests have no QEMU, "
                 "and virtsev passes no commands on to an agent",
                 procedure)
          : text(
                "procedure {} of libvirt's LXC program is not supported: virtsev's guests are not containers",
                procedure)};
}

}  // namespace virtsev::rpc
