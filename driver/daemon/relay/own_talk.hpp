// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtsevd itself asks of libvirt's daemons, for its guests' sake: over a connection that is no
// client's, so that serials and callback numbers never meet, in virtsevd's own name. Threads: the event
// loop's.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "driver/daemon/relay/upstream.hpp"

namespace virtsev::daemon::relay {

class OwnTalk {
 public:
  /// How long each question may take; opening the connection, too.
  static constexpr std::chrono::milliseconds kPatience{20000};

  /// Null where there is no such daemon. `directory`: where the daemons' sockets are; `read_only`: nothing is
  /// to be changed. Throws Error where there is one that does not answer, or does not let virtsevd in.
  static asio::awaitable<std::shared_ptr<OwnTalk>> open(asio::any_io_executor executor, std::string directory,
                                                        Kind kind, bool read_only,
                                                        std::chrono::milliseconds patience = kPatience);
  OwnTalk(const asio::any_io_executor& executor, std::shared_ptr<Upstream> upstream,
          std::chrono::milliseconds patience);
  ~OwnTalk();
  OwnTalk(const OwnTalk&) = delete;
  OwnTalk& operator=(const OwnTalk&) = delete;

  /// The reply's payload. One question at a time. Throws Error: the daemon's own (rpc::ForeignError), or that
  /// it does not answer, after which nothing more can be asked.
  asio::awaitable<Bytes> ask(std::int32_t procedure, Bytes arguments);

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<Upstream> upstream_;
  std::chrono::milliseconds patience_;
};

}  // namespace virtsev::daemon::relay
