// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/layout.hpp"

#include <cstdlib>
#include <filesystem>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

std::string environment(const char* name, const std::string& fallback) {
  const char* const value = ::getenv(name);
  return value != nullptr && value[0] == '/' ? value : fallback;
}

std::string home() {
  const passwd* const entry = ::getpwuid(::getuid());
  return environment("HOME", entry != nullptr ? entry->pw_dir : "/");
}

void make_directory(const std::string& path, mode_t mode) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(parent, error);
  if (::mkdir(path.c_str(), mode) == 0) {
    return;
  }
  const int failure = errno;
  if (failure != EEXIST || !std::filesystem::is_directory(path, error)) {
    throw Error(ErrorCode::kSystemError,
                text("cannot create the directory '{}': {}", path, error_text(failure)));
  }
}

}  // namespace

Layout system_layout() {
  Layout layout;
  layout.configuration_file = "/etc/libvirt/virtsevd.conf";
  layout.definitions = "/etc/libvirt/sev";
  layout.autostart = "/etc/libvirt/sev/autostart";
  layout.socket_directory = "/run/libvirt";
  layout.state = "/run/libvirt/sev";
  layout.library = "/var/lib/libvirt/sev";
  layout.logs = "/var/log/libvirt/sev";
  layout.pid_file = "/run/virtsevd.pid";
  layout.system = true;
  return layout;
}

Layout session_layout() {
  const std::string cache = environment("XDG_CACHE_HOME", home() + "/.cache") + "/libvirt";
  const std::string config = environment("XDG_CONFIG_HOME", home() + "/.config") + "/libvirt";
  const std::string data = environment("XDG_DATA_HOME", home() + "/.local/share") + "/libvirt";
  const std::string run =
      environment("XDG_RUNTIME_DIR", "").empty() ? cache : environment("XDG_RUNTIME_DIR", "") + "/libvirt";
  Layout layout;
  layout.configuration_file = config + "/virtsevd.conf";
  layout.definitions = config + "/sev";
  layout.autostart = config + "/sev/autostart";
  layout.socket_directory = run;
  layout.state = run + "/sev/run";
  layout.library = data + "/sev";
  layout.logs = cache + "/sev/log";
  layout.pid_file = run + "/virtsevd.pid";
  return layout;
}

Layout rooted_layout(const std::string& root) {
  std::string base = std::filesystem::absolute(root).lexically_normal().string();
  while (base.size() > 1 && base.back() == '/') {
    base.pop_back();
  }
  Layout layout;
  layout.configuration_file = base + "/etc/virtsevd.conf";
  layout.definitions = base + "/etc/sev";
  layout.autostart = base + "/etc/sev/autostart";
  layout.socket_directory = base + "/run";
  layout.state = base + "/run/sev";
  layout.library = base + "/lib";
  layout.logs = base + "/log";
  layout.pid_file = base + "/run/virtsevd.pid";
  return layout;
}

Layout choose_layout(const std::optional<std::string>& root) {
  if (root) {
    return rooted_layout(*root);
  }
  return ::geteuid() == 0 ? system_layout() : session_layout();
}

void make_directories(const Layout& layout) {
  constexpr mode_t kOpen = 0755;  // Clients must be able to reach the sockets
  constexpr mode_t kPrivate = 0700;
  make_directory(layout.socket_directory, kOpen);
  for (const std::string& path :
       {layout.definitions, layout.autostart, layout.state, layout.library, layout.logs,
        layout.console_logs(), layout.platform_directory(), layout.unfinished()}) {
    make_directory(path, kPrivate);
  }
}

}  // namespace virtsev::daemon
