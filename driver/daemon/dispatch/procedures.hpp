// SPDX-License-Identifier: LGPL-2.1-or-later
// The one table of the procedures that virtsevd answers.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include <asio/awaitable.hpp>

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
};

/// All of them, in the order of their numbers.
std::span<const Procedure> procedures();

/// Null where virtsevd does not answer it.
const Procedure* find_procedure(std::int32_t number);

}  // namespace virtsev::daemon::dispatch
