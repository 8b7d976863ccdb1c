// SPDX-License-Identifier: LGPL-2.1-or-later
// One call on its way through the table of procedures: what its handler reads, asks and writes.
#pragma once

#include <cstdint>
#include <string>

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/dispatch/session.hpp"
#include "driver/rpc/client.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::daemon::dispatch {

class ConsoleRegistry;
class EventHub;
struct Procedure;

struct Request {
  const Procedure& procedure;
  Driver& driver;
  EventHub& events;
  ConsoleRegistry& consoles;
  rpc::Client& client;
  Session& session;
  rpc::Call call;
  xdr::Decoder& in;
  xdr::Encoder& out;
};

/// Every handler calls one of these three once it has read its arguments, before it does anything: throws
/// Error(kRpc) where they did not fit the procedure. Bytes after them are ignored, as libvirt ignores them.
void end_arguments(const Request& request);
/// The only argument is a domain.
Uuid domain_argument(Request& request);
/// The only arguments are a domain and flags, of which bits outside `allowed` are refused.
Uuid domain_and_flags(Request& request, std::uint32_t allowed);

/// Throws Error(kInvalidArgument) in libvirt's words for a bit of `flags` that is not in `allowed`.
void check_flags(const Request& request, std::uint32_t flags, std::uint32_t allowed);
/// Throws Error(kOperationInvalid) for an inactive domain.
void require_active(const Request& request, const Uuid& domain);
/// Throws Error(kOperationDenied) on a read-only connection.
void require_write_access(const Request& request);
/// How many names, ids or elements a client takes at most; throws Error(kRpc) for a negative number or one
/// above `limit`.
std::uint32_t bounded(const Request& request, std::int64_t wanted, std::uint32_t limit);

}  // namespace virtsev::daemon::dispatch
