// SPDX-License-Identifier: LGPL-2.1-or-later
// A debugger that sends anything. The first byte's lowest bit chooses: the rest as it is on the socket, or
// each line of it in a packet's frame, so that the commands are reached; a line of the byte 3 alone
// interrupts.
#include <array>
#include <string_view>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <sys/socket.h>

#include "driver/daemon/gdb/packet.hpp"
#include "driver/daemon/gdb/session.hpp"
#include "tests/driver/daemon/gdb/fake_target.hpp"
#include "tests/fuzz/settle.hpp"

namespace {

using namespace virtsev;
using namespace virtsev::daemon::gdb;

std::string in_frames(std::string_view lines) {
  std::string stream;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    stream += line == "\x03" ? std::string(line) : frame(line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  std::string stream = (data[0] & 1) != 0 ? in_frames(input) : std::string(input);
  World world;
  world.encrypted = (data[0] & 2) != 0;
  world.runs = (data[0] & 4) != 0;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    std::abort();
  }
  UniqueFd debugger(ends[0]);
  asio::io_context io{1};
  {
    const auto session =
        std::make_shared<Session>(io.get_executor(), UniqueFd(ends[1]), std::make_unique<FakeTarget>(world));
    world.changed = [weak = std::weak_ptr<Session>(session)] {
      if (const auto there = weak.lock()) {
        there->target_changed();
      }
    };
    asio::co_spawn(io, session->run(), asio::detached);
  }
  while (!stream.empty()) {
    const ssize_t sent = ::send(debugger.get(), stream.data(), stream.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      break;  // The session has ended
    }
    stream.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
    settle(io, debugger.get());
  }
  settle(io, debugger.get());
  debugger.reset();
  settle(io, -1);
  return 0;
}
