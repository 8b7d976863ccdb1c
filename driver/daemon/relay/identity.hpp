// SPDX-License-Identifier: LGPL-2.1-or-later
// For whom virtsevd asks another daemon.
#pragma once

#include "driver/rpc/client.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon::relay {

/// The arguments of CONNECT_SET_IDENTITY (419) for a client: its user, group, process and when that started
/// (libvirt's VIR_CONNECT_IDENTITY_* parameters), by which a daemon with access control decides.
Bytes identity_of(const rpc::PeerCredentials& peer);

}  // namespace virtsev::daemon::relay
