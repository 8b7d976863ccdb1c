// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/refusal.hpp"

#include "driver/daemon/dispatch/procedures.hpp"
#include "driver/daemon/dispatch/request.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {
namespace {

std::string words_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      break;
    case Refusal::kSaving:
      return text(
          "virtsev can't write a guest's state to a file, and can't go on from one; shut the "
          "guest down and start it again");
    case Refusal::kSnapshots:
      return text("virtsev takes no snapshots and no checkpoints: it can't save guests");
    case Refusal::kVcpuChange:
      return text(
          "the vCPUs of a guest are fixed when it is launched: change <vcpu> with virsh edit, "
          "and start the domain again");
    case Refusal::kTuning:
      return text(
          "virtsev does not limit a guest's share of the host; `virsh domstats` shows what the "
          "guest uses, and a cgroup for its monitor limits it");
    case Refusal::kIoThreads:
      return text("virtsev's guests have no IOThreads");
    case Refusal::kBalloon:
      return text(
          "virtsev's guests have no memory balloon; `virsh dommemstat` shows what the host "
          "knows of their memory");
    case Refusal::kMigration:
      return text("virtsev can't move a guest to another host; shut it down, and start it there");
    case Refusal::kJobFlags:
      return text("virtsev's jobs are aborted without flags; leave the options of virsh domjobabort out");
    case Refusal::kAutostartOnce:
      return text(
          "virtsev can't mark a domain for only one boot of the host; `virsh autostart` marks "
          "it for each boot");
    case Refusal::kPassedFiles:
      return text(
          "virtsev opens the files of a guest itself, by their paths; start it without passing descriptors");
    case Refusal::kScreen:
      return text(
          "virtsev's guests have neither screen nor keyboard; use their serial console: virsh console");
    case Refusal::kAgent:
      return text(
          "virtsev does not ask the agent in the guest for this; ask the guest itself, on its console");
    case Refusal::kDisks:
      return text(
          "virtsev does not do this with a guest's disks; `virsh domblklist`, `domblkinfo` and `domblkstat` "
          "show them");
    case Refusal::kInterfaces:
      return text(
          "virtsev does not do this with a guest's network interfaces; `virsh domiflist` and `domifstat` "
          "show "
          "them");
    case Refusal::kSleep:
      return text("virtsev's machine has no sleep states; virsh suspend stops the guest's vCPUs instead");
    case Refusal::kInterrupt:
      return text(
          "virtsev's machine has no way to send a non-maskable interrupt; use the guest's console (SysRq)");
    case Refusal::kNativeFormats:
      return text("there is no other format than domain XML to convert from or to");
    case Refusal::kCpuModels:
      return text("virtsev has no CPU models: a guest has its host's CPU; `virsh capabilities` shows that");
    case Refusal::kHostFacts:
      return text(
          "virtsev neither tells nor changes this of its host; ask the host itself, or "
          "libvirt's QEMU driver");
    case Refusal::kOldEvents:
      return text(
          "virtsev sends events only to those who register as newer client libraries do; use a "
          "newer libvirt");
    case Refusal::kNetworks:
      return text(
          "networks are libvirt's own, and none of its daemons for them runs here: start virtnetworkd or "
          "libvirtd");
    case Refusal::kHostInterfaces:
      return text(
          "the host's interfaces are libvirt's own, and none of its daemons for them runs here: start "
          "virtinterfaced or libvirtd");
    case Refusal::kFilters:
      return text(
          "network filters are libvirt's own, and none of its daemons for them runs here: start "
          "virtnwfilterd or libvirtd");
    case Refusal::kStorage:
      return text(
          "storage pools are libvirt's own, and none of its daemons for them runs here: start virtstoraged "
          "or libvirtd");
    case Refusal::kHostDevices:
      return text(
          "the host's devices are libvirt's own, and none of its daemons for them runs here: start "
          "virtnodedevd or libvirtd");
    case Refusal::kPassthrough:
      return text("virtsev gives its guests none of the host's devices");
    case Refusal::kSecrets:
      return text(
          "secrets are libvirt's own, and none of its daemons for them runs here: start virtsecretd or "
          "libvirtd");
    case Refusal::kSasl:
      return text("virtsevd asks for no password: who may open its socket may use it");
  }
  return {};
}

}  // namespace

void refuse(const Request& request, Refusal refusal) {
  throw Error(ErrorCode::kNoSupport,
              text("{} is not supported: {}", request.procedure.api, words_of(refusal)));
}

void refuse_call(Request& request) { refuse(request, request.procedure.refusal); }

}  // namespace virtsev::daemon::dispatch
