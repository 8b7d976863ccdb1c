// SPDX-License-Identifier: LGPL-2.1-or-later
// The procedures of libvirt's protocol that virtsevd knows: those that it answers, and, by their names, those
// that it does not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include <asio/awaitable.hpp>

#include "driver/daemon/dispatch/refusal.hpp"
#include "driver/daemon/relay/kind.hpp"

namespace virtsev::daemon::dispatch {

struct Request;

enum class Access {
  kStranger,   ///< Before CONNECT_OPEN too
  kReadOnly,   ///< On every open connection
  kReadWrite,  ///< Not on a read-only connection
};

using Handler = std::variant<void (*)(Request&), asio::awaitable<void> (*)(Request&)>;

struct Procedure {
  std::int32_t number;  ///< REMOTE_PROC_* of libvirt's src/remote/remote_protocol.x
  const char* api;      ///< The public function that ends up here: what users know it by
  Access access;
  Handler handler;
  std::uint32_t flags = 0;           ///< Of rows of row.hpp: those that the call knows
  std::uint32_t write_flags = 0;     ///< Of these, those that a read-only connection may not set
  Refusal refusal = Refusal::kNone;  ///< Of rows that refuse: why
  /// Whose it is, where it is not virtsevd's: `handler` is for where no such daemon runs.
  std::optional<relay::Kind> upstream = std::nullopt;
};

/// What another daemon has is its business.
constexpr std::optional<relay::Kind> upstream_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNetworks:
      return relay::Kind::kNetwork;
    case Refusal::kStorage:
      return relay::Kind::kStorage;
    case Refusal::kHostDevices:
      return relay::Kind::kNodeDevice;
    case Refusal::kSecrets:
      return relay::Kind::kSecret;
    case Refusal::kHostInterfaces:
      return relay::Kind::kInterface;
    case Refusal::kFilters:
      return relay::Kind::kFilter;
    default:
      return std::nullopt;
  }
}

constexpr Procedure refused(std::int32_t number, const char* api, Access access, Refusal refusal) {
  return {number, api, access, refuse_call, 0, 0, refusal, upstream_of(refusal)};
}
constexpr Procedure relayed(relay::Kind upstream, Procedure procedure) {
  procedure.upstream = upstream;
  return procedure;
}

/// What is answered (and some that are refused, for other rights or in the midst of answers), in the order of
/// their numbers.
std::span<const Procedure> procedures();
/// All others that a client may call, in the order of their numbers; their handlers refuse.
std::span<const Procedure> refused_procedures();

/// Null where libvirt has none of that number, or had none when this was written.
const Procedure* find_procedure(std::int32_t number);

}  // namespace virtsev::daemon::dispatch
