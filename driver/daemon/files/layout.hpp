// SPDX-License-Identifier: LGPL-2.1-or-later
// Where everything lies: libvirt's own places for the system and for a user's session, or all of it under one
// directory.
#pragma once

#include <optional>
#include <string>

namespace virtsev::daemon {

/// Absolute paths, without a slash at the end.
struct Layout {
  std::string configuration_file;  ///< virtsevd.conf
  std::string definitions;         ///< NAME.xml
  std::string autostart;           ///< NAME.xml, a link to the definition
  std::string socket_directory;    ///< virtsevd-sock, virtsevd-sock-ro
  std::string state;               ///< UUID.status, UUID.sock, UUID.end, driver.pid, autostarted, channel/
  std::string library;             ///< platform/, unfinished/
  std::string logs;                ///< NAME.log, and console/NAME.log with its backups
  std::string pid_file;
  bool system = false;  ///< libvirt's system places: the read-only socket is for everybody

  [[nodiscard]] std::string socket() const { return socket_directory + "/virtsevd-sock"; }
  [[nodiscard]] std::string read_only_socket() const { return socket_directory + "/virtsevd-sock-ro"; }
  [[nodiscard]] std::string platform_directory() const { return library + "/platform"; }
  /// Where the sockets of a running guest's channels lie, in a directory for each.
  [[nodiscard]] std::string channels() const { return state + "/channel"; }
  /// Notes of files in users' directories (files/unfinished_files.hpp).
  [[nodiscard]] std::string unfinished() const { return library + "/unfinished"; }
  /// A directory of its own: no domain's name can make it hold another's guest log.
  [[nodiscard]] std::string console_logs() const { return logs + "/console"; }
  [[nodiscard]] std::string definition(const std::string& name) const {
    return definitions + "/" + name + ".xml";
  }
  [[nodiscard]] std::string autostart_link(const std::string& name) const {
    return autostart + "/" + name + ".xml";
  }
};

Layout system_layout();
/// From XDG_RUNTIME_DIR, XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_DATA_HOME and HOME.
Layout session_layout();
/// All under `root`, which may be relative.
Layout rooted_layout(const std::string& root);

/// --root, else the system's for uid 0, else the user's session's.
Layout choose_layout(const std::optional<std::string>& root);

/// Makes every directory that is missing, mode 0700 where what is in it is nobody else's business. Throws
/// Error(kSystemError).
void make_directories(const Layout& layout);

}  // namespace virtsev::daemon
