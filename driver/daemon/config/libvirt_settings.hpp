// SPDX-License-Identifier: LGPL-2.1-or-later
// The settings of libvirt's own daemons, which people's files and tools write for this one, too.
#pragma once

#include <string_view>

namespace virtsev::daemon {

/// Whether a daemon of libvirt knows `key` (its remote_daemon_config.c and libvirtd.conf, to version 12), and
/// virtsevd does not.
bool is_libvirt_setting(std::string_view key);

}  // namespace virtsev::daemon
