// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/handlers/refused.hpp"

#include "driver/daemon/dispatch/procedures.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {
namespace {

[[noreturn]] void refuse(const Request& request, const std::string& reason) {
  throw Error(ErrorCode::kNoSupport, text("{} is not supported: {}", request.procedure.api, reason));
}

}  // namespace

void refuse_saving(Request& request) {
  refuse(request, text("virtsev can't write a guest's state to a file, and can't go on from one; shut the "
                       "guest down and start it again"));
}

void refuse_snapshots(Request& request) {
  refuse(request, text("virtsev takes no snapshots and no checkpoints: it can't save guests"));
}

void refuse_vcpu_change(Request& request) {
  refuse(request, text("the vCPUs of a guest are fixed when it is launched: change <vcpu> with virsh edit, "
                       "and start the domain again"));
}

void refuse_device_change(Request& request) {
  refuse(request, text("virtsev does not plug devices in or out: change the definition with virsh edit, and "
                       "start the domain again"));
}

void refuse_pinning(Request& request) {
  refuse(request, text("virtsev does not pin vCPUs to the host's CPUs"));
}

void refuse_tuning(Request& request) {
  refuse(request, text("virtsev does not limit a guest's share of the host; `virsh domstats` shows what the "
                       "guest uses, and a cgroup for its monitor limits it"));
}

void refuse_io_threads(Request& request) { refuse(request, text("virtsev's guests have no IOThreads")); }

void refuse_balloon(Request& request) {
  refuse(request, text("virtsev's guests have no memory balloon; `virsh dommemstat` shows what the host "
                       "knows of their memory"));
}

void refuse_migration(Request& request) {
  refuse(request, text("virtsev can't move a guest to another host; shut it down, and start it there"));
}

void refuse_job_flags(Request& request) {
  refuse(request,
         text("virtsev's jobs are aborted without flags; leave the options of virsh domjobabort out"));
}

void refuse_autostart_once(Request& request) {
  refuse(request, text("virtsev can't mark a domain for only one boot of the host; `virsh autostart` marks "
                       "it for each boot"));
}

void refuse_passed_files(Request& request) {
  refuse(
      request,
      text(
          "virtsev opens the files of a guest itself, by their paths; start it without passing descriptors"));
}

void refuse_screen(Request& request) {
  refuse(request,
         text("virtsev's guests have neither screen nor keyboard; use their serial console: virsh console"));
}

void refuse_agent(Request& request) {
  refuse(request, text("this needs an agent in the guest, which virtsev does not speak to; ask the guest "
                       "itself, on its console"));
}

void refuse_disks(Request& request) { refuse(request, text("virtsev's guests have no disks yet")); }

void refuse_interfaces(Request& request) {
  refuse(request, text("virtsev's guests have no network interfaces yet"));
}

void refuse_sleep(Request& request) {
  refuse(request,
         text("virtsev's machine has no sleep states; virsh suspend stops the guest's vCPUs instead"));
}

void refuse_interrupt(Request& request) {
  refuse(
      request,
      text("virtsev's machine has no way to send a non-maskable interrupt; use the guest's console (SysRq)"));
}

void refuse_native_formats(Request& request) {
  refuse(request, text("there is no other format than domain XML to convert from or to"));
}

void refuse_cpu_models(Request& request) {
  refuse(request,
         text("virtsev has no CPU models: a guest has its host's CPU; `virsh capabilities` shows that"));
}

void refuse_host_facts(Request& request) {
  refuse(request, text("virtsev neither tells nor changes this of its host; ask the host itself, or "
                       "libvirt's QEMU driver"));
}

void refuse_old_events(Request& request) {
  refuse(request, text("virtsev sends events only to those who register as newer client libraries do; use a "
                       "newer libvirt"));
}

void refuse_networks(Request& request) {
  refuse(request, text("virtsev has no networks; ask libvirt's network driver: virsh -c network:///system"));
}

void refuse_host_interfaces(Request& request) {
  refuse(request, text("virtsev does not manage its host's network interfaces; ask libvirt's interface "
                       "driver: virsh -c interface:///system"));
}

void refuse_filters(Request& request) {
  refuse(request,
         text("virtsev has no network filters; ask libvirt's filter driver: virsh -c nwfilter:///system"));
}

void refuse_storage(Request& request) {
  refuse(request, text("virtsev has no storage pools and no volumes; ask libvirt's storage driver: virsh -c "
                       "storage:///system"));
}

void refuse_host_devices(Request& request) {
  refuse(request, text("virtsev does not manage its host's devices; ask libvirt's device driver: virsh -c "
                       "nodedev:///system"));
}

void refuse_secrets(Request& request) {
  refuse(request,
         text("virtsev keeps no secrets for others; ask libvirt's secret driver: virsh -c secret:///system"));
}

void refuse_sasl(Request& request) {
  refuse(request, text("virtsevd asks for no password: who may open its socket may use it"));
}

}  // namespace virtsev::daemon::dispatch
