// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/pass_on.hpp"

#include <string_view>

#include "driver/daemon/dispatch/procedures.hpp"
#include "driver/rpc/error_reply.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {
namespace {

/// As libvirt's client library recognises it (src/rpc/virnetclientprogram.c).
bool is_unknown_procedure(const rpc::ForeignError& error) {
  constexpr std::int32_t kRpcDomain = 7, kRemoteDomain = 13;
  return error.code() == ErrorCode::kRpc &&
         (error.domain() == kRpcDomain || error.domain() == kRemoteDomain) &&
         std::string_view(error.what()).starts_with("unknown procedure");
}

}  // namespace

asio::awaitable<bool> pass_on(Request& request, relay::Relay& relay) {
  const relay::Kind kind = *request.procedure.upstream;
  const ByteView arguments = request.in.rest();
  std::optional<Bytes> answer;
  try {
    answer = co_await relay.call(request.client, request.session.read_only, request.session.identity, kind,
                                 request.call, Bytes(arguments.begin(), arguments.end()));
  } catch (const rpc::ForeignError& error) {
    if (!is_unknown_procedure(error)) {
      throw;
    }
    throw Error(ErrorCode::kNoSupport,
                text("{} is not supported: libvirt's {} daemon here does not know it; a newer one may",
                     request.procedure.api, relay::scheme_of(kind)));
  }
  if (answer) {
    request.out.put_fixed_opaque(*answer);
  }
  co_return answer.has_value();
}

}  // namespace virtsev::daemon::dispatch
