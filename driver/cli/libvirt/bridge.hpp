// SPDX-License-Identifier: LGPL-2.1-or-later
// Between gdb at standard input and output and a guest's debugger channel, through libvirt.
#pragma once

#include <memory>
#include <string>

struct _virConnect;
struct _virStream;

namespace virtsev::cli {

/// On libvirt's own event loop, of which there is one in a process: so is this.
class DebugBridge {
 public:
  /// `domain`: its name or UUID. Throws Error with libvirt's text.
  DebugBridge(const std::string& uri, const std::string& domain);
  ~DebugBridge();
  DebugBridge(const DebugBridge&) = delete;
  DebugBridge& operator=(const DebugBridge&) = delete;

  /// Passes bytes on both ways, until gdb or the host ends it. Throws Error where the connection breaks.
  void run();

 private:
  void on_input();
  void on_stream(int events);
  void send_more();
  void receive();
  /// What is waited for: gdb's next bytes, or that the host takes what came.
  void watch();
  void fail(const std::string& what);

  std::shared_ptr<_virConnect> connection_;
  std::shared_ptr<_virStream> stream_;
  int input_ = -1;       ///< The watch on standard input
  std::string to_host_;  ///< What gdb said and the host has not taken
  bool over_ = false;
  bool aborted_ = false;  ///< The stream has ended at the other side
  std::string failure_;
};

}  // namespace virtsev::cli
