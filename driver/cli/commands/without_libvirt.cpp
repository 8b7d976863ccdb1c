// SPDX-License-Identifier: LGPL-2.1-or-later
// What of virtsev talks to a host, in a build without libvirt's client library: each refuses, and says so.
#include <memory>
#include <string>
#include <vector>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/platform/from_host.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void refuse() {
  throw Error(
      ErrorCode::kNoSupport,
      text("this virtsev was built without libvirt's client library, and can't talk to hosts; build it "
           "with -Dlibvirt=enabled"));
}

void add_refused(Command& program, const char* name, const std::string& summary) {
  Command command = program.add_subcommand(name, {summary, {}});
  command.take_anything();
  command.callback([] { refuse(); });
}

}  // namespace

void add_attest(Command& program, ExitStatus& /*status*/) {
  add_refused(program, "attest", text("Not in this build, which has no libvirt"));
}

void add_debug(Command& program, ExitStatus& /*status*/) {
  add_refused(program, "debug", text("Not in this build, which has no libvirt"));
}

CertificateSet certificates_of_host(const std::string& /*uri*/) { refuse(); }

}  // namespace virtsev::cli
