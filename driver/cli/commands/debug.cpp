// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev debug: gdb's way to a guest whose policy lets the host debug it. gdb starts it, and speaks its
// remote protocol with the host through standard input and output.
#include <array>
#include <chrono>
#include <memory>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/libvirt/bridge.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string uri;
  std::string domain;
};

/// Until gdb has closed its end too, or that long.
constexpr std::chrono::seconds kPatience{5};

/// gdb shows our last words where its connection ends in order. A process that goes with something unread in
/// its socket resets it, and gdb 16 then reports that, and no more.
void part_from_gdb() {
  if (::shutdown(STDOUT_FILENO, SHUT_WR) != 0) {
    ::close(STDOUT_FILENO);  // A pipe
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  std::array<char, 4096> unread{};
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (left <= 0 || ::poll(&input, 1, static_cast<int>(left)) <= 0 ||
        ::read(STDIN_FILENO, unread.data(), unread.size()) <= 0) {
      return;
    }
  }
}

ExitStatus run(const Options& options) {
  if (::isatty(STDIN_FILENO) != 0) {
    throw Error(ErrorCode::kInvalidArgument,
                text("this speaks gdb's remote protocol, and is started by gdb: gdb -ex 'target remote | "
                     "virtsev debug {} {}'",
                     options.uri, options.domain));
  }
  try {
    DebugBridge(options.uri, options.domain).run();
    return ExitStatus::kDone;
  } catch (const Error& error) {
    note(error.what());
    part_from_gdb();
    return ExitStatus::kFailed;
  }
}

}  // namespace

void add_debug(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "debug",
      {text("Let gdb debug a guest whose policy allows it: target remote | virtsev debug URI DOMAIN"),
       {"gdb vmlinux -ex 'target remote | virtsev debug sev:///system guest'"}});
  auto options = std::make_shared<Options>();
  command.add_option("URI", options->uri, text("the host, sev://HOST/system for example"))
      .type_name("")
      .required();
  command.add_option("DOMAIN", options->domain, text("the guest's name or UUID")).type_name("").required();
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
