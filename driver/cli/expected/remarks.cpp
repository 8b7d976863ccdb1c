// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/expected/remarks.hpp"

#include "driver/cli/io/output.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

void note_remarks(const ExpectedLaunch& launch) {
  for (const std::string& remark : launch.remarks) {
    note(remark);
  }
}

void note_remarks_and_vmsa(const ExpectedLaunch& launch) {
  note_remarks(launch);
  if (launch.vmsa_assumed) {
    note(
        text("for a host with KVM_SEV_INIT2 (Linux 6.10 and later) or a simulated platform; give --vmsa "
             "legacy for an "
             "older host, --vmsa init2 to say that you know"));
  }
}

}  // namespace virtsev::cli
