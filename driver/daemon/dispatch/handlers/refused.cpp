// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/handlers/refused.hpp"

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

namespace {

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::kNoSupport, reason); }

}  // namespace

void refuse_saving(Request&) {
  refuse(
      text("an SEV guest can't be saved or restored: its memory is encrypted with a key that is in the "
           "processor alone; shut it down instead"));
}

void refuse_snapshots(Request&) { refuse(text("virtsev takes no snapshots: an SEV guest can't be saved")); }

void refuse_device_change(Request&) {
  refuse(
      text("virtsev does not plug devices in or out: change the definition with virsh edit, and start the "
           "domain anew"));
}

void refuse_pinning(Request&) { refuse(text("virtsev does not pin vCPUs to the host's CPUs")); }

void refuse_tuning(Request&) {
  refuse(
      text("virtsev does not limit or account a guest's share of the host; `virsh domstats` shows what the "
           "guest uses, "
           "and a cgroup for its monitor limits it"));
}

void refuse_screen(Request&) {
  refuse(text("virtsev's guests have neither screen nor keyboard; use their serial console: virsh console"));
}

void refuse_agent(Request&) {
  refuse(
      text("this needs an agent in the guest, which virtsev does not speak to; ask the guest itself, on its "
           "console"));
}

void refuse_disks(Request&) { refuse(text("virtsev's guests have no disks yet")); }

void refuse_interfaces(Request&) { refuse(text("virtsev's guests have no network interfaces yet")); }

void refuse_sleep(Request&) {
  refuse(text("virtsev's machine has no sleep states; virsh suspend stops the guest's vCPUs instead"));
}

void refuse_interrupt(Request&) {
  refuse(
      text("virtsev's machine has no way to send a non-maskable interrupt; use the guest's console (SysRq)"));
}

void refuse_native_formats(Request&) {
  refuse(text("there is no other format than domain XML to convert from or to"));
}

}  // namespace virtsev::daemon::dispatch
