// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/console_registry.hpp"

#include <sys/stat.h>

#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {
namespace {

dev_t device_of(const UniqueFd& pty) {
  struct stat status {};
  return ::fstat(pty.get(), &status) == 0 ? status.st_rdev : dev_t{0};
}

}  // namespace

void ConsoleRegistry::open(rpc::Client& client, const rpc::Call& call, const Uuid& domain, UniqueFd pty,
                           bool force) {
  const Console console(domain, device_of(pty));
  if (const auto found = holders_.find(console); found != holders_.end()) {
    if (!force) {
      throw Error(ErrorCode::kOperationFailed,
                  text("Active console session exists for this domain; virsh console --force takes it over"));
    }
    const auto stream = found->second.stream.lock();
    holders_.erase(found);
    if (stream) {
      stream->fail(Error(ErrorCode::kOperationAborted, text("another client has taken this console over")));
    }
  }
  const std::uint64_t number = ++last_;
  const auto ended = [this, console, number] {
    const auto found = holders_.find(console);
    if (found != holders_.end() && found->second.number == number) {
      holders_.erase(found);
    }
  };
  holders_[console] = Holder{client.open_stream(call, std::move(pty), ended), number};
}

}  // namespace virtsev::daemon::dispatch
