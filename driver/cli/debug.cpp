// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev debug: gdb's way to a guest whose policy lets the host debug it. gdb starts it, and speaks its
// remote protocol with the host through standard input and output.
#include <memory>

#include <unistd.h>

#include "driver/cli/command_line/command_line.hpp"
#include "driver/cli/commands.hpp"
#include "driver/cli/debug/bridge.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string uri;
  std::string domain;
};

ExitStatus run(const Options& options) {
  if (::isatty(STDIN_FILENO) != 0) {
    throw Error(ErrorCode::kInvalidArgument,
                text("this speaks gdb's remote protocol, and is started by gdb: gdb -ex 'target remote | "
                     "virtsev debug {} {}'",
                     options.uri, options.domain));
  }
  DebugBridge(options.uri, options.domain).run();
  return ExitStatus::kDone;
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
