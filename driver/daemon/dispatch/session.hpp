// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtsevd keeps for one client.
#pragma once

#include <string>

#include "driver/rpc/client.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon::dispatch {

struct Session final : rpc::ClientState {
  bool open = false;       ///< CONNECT_OPEN has succeeded
  bool read_only = false;  ///< By its socket, or as it asked
  std::string uri;         ///< Canonical, as CONNECT_GET_URI tells it
  Bytes identity;          ///< Arguments of its CONNECT_SET_IDENTITY; empty: it made none
};

}  // namespace virtsev::daemon::dispatch
