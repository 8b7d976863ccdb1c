// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev host: whether this machine can run SEV and SEV-ES guests.
#include <memory>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/platform/host_report.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

ExitStatus run(bool json) {
  const sevcore::HostCheck check = sevcore::check_host();
  if (json) {
    print(host_as_json(check));
  } else {
    for (const std::string& line : describe_host(check)) {
      print(line);
    }
  }
  return check.sev_usable() && check.es_usable() ? ExitStatus::kDone : ExitStatus::kNo;
}

}  // namespace

void add_host(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "host",
      {text("Say whether this machine can run SEV and SEV-ES guests, and what to change (0 yes, 1 no)"),
       {"virtsev host", "virtsev host --json"}});
  auto json = std::make_shared<bool>(false);
  command.add_flag("--json", *json, text("results as JSON"));
  command.callback([json, &status] { status = run(*json); });
}

}  // namespace virtsev::cli
