// SPDX-License-Identifier: LGPL-2.1-or-later
// A failure as libvirt's clients read it: the payload of a reply, or of a stream packet, whose status is
// ERROR.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "driver/xdr/encoder.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::rpc {

/// virErrorDomain: the part of libvirt that an error is said to come from. The one rule for all of virtsevd.
/// libvirt has no number for virtsev, and one that a client does not know prints as nothing; so these are the
/// generic ones: RPC (7) for protocol errors, where clients turn "unknown procedure" into NO_SUPPORT
/// (src/rpc/virnetclientprogram.c); "Domain Config" (20) for XML; Auth (46); "Domain" (6) for all else.
std::int32_t error_domain(ErrorCode code);

/// Appends remote_error: code, domain, message, level ERROR (2), and no objects. A message longer than 16 KiB
/// is cut, and what would steer a terminal is taken out of it (sevcore/base/printable.hpp).
/// `domain`: of an error that is another daemon's.
void put_error(xdr::Encoder& out, ErrorCode code, std::string_view message,
               std::optional<std::int32_t> domain = std::nullopt);

/// An error that another daemon of libvirt's has answered with.
class ForeignError : public Error {
 public:
  ForeignError(ErrorCode code, std::int32_t domain, const std::string& message)
      : Error(code, message), domain_(domain) {}
  /// virErrorDomain, as that daemon has it.
  [[nodiscard]] std::int32_t domain() const { return domain_; }

 private:
  std::int32_t domain_;
};

/// Throws what an error reply's payload (remote_error) says.
[[noreturn]] void throw_foreign_error(ByteView payload);

/// The error for a procedure of which nothing is known. It begins with the words that clients look for to say
/// NO_SUPPORT to their callers.
Error unknown_procedure(std::int32_t procedure);

/// The error for a procedure of a program for another driver's own functions (kQemuProgram, kLxcProgram).
Error foreign_procedure(std::uint32_t program, std::int32_t procedure);

}  // namespace virtsev::rpc
