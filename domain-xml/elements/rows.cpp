// SPDX-License-Identifier: LGPL-2.1-or-later
// The table itself, by path. Checked with the schemas of libvirt 9.0 and 11.3.
#include <algorithm>
#include <array>

#include "domain-xml/elements/conditions.hpp"
#include "domain-xml/elements/elements.hpp"

namespace virtsev::domain_xml {
namespace {

using enum Fate;

// Where a part of the parser refuses a value itself, with a reason, the values are not repeated here. The
// rows from "capabilities" on that no document of ours meets are elements in the namespaces of other drivers.
constexpr Row kRows[] = {
    {"", kApplied, "id type"},
    {"blkiotune", kApplied, ""},
    {"blkiotune/device", kNamed, ""},
    {"blkiotune/device/path", kNamed, ""},
    {"blkiotune/device/read_bytes_sec", kNamed, ""},
    {"blkiotune/device/read_iops_sec", kNamed, ""},
    {"blkiotune/device/weight", kNamed, ""},
    {"blkiotune/device/write_bytes_sec", kNamed, ""},
    {"blkiotune/device/write_iops_sec", kNamed, ""},
    {"blkiotune/weight", kNamed, ""},
    {"bootloader", kNamed, ""},
    {"bootloader_args", kNamed, ""},
    {"capabilities/*", kNamed, ""},
    {"clock", kApplied,
     "adjustment basis=localtime|utc offset=utc|-absolute|-localtime|-timezone|-variable start timezone"},
    {"clock/timer", kNamed,
     "frequency mode=auto|emulate|native|paravirt|smpsafe "
     "+name=armvtimer|hpet|hypervclock|kvmclock|pit|platform|rtc|tsc present=no|yes "
     "tickpolicy=catchup|delay|discard|merge track=boot|guest|realtime|wall",
     is_not_a_timer_of_the_machine},
    {"clock/timer/catchup", kNamed, "limit slew threshold"},
    {"commandline/*", kNamed, ""},
    {"cpu", kApplied,
     "check=full|none|partial -deprecated_features match=exact|minimum|strict migratable=off|on "
     "mode=host-passthrough|-custom|-host-model|-maximum"},
    {"cpu/cache", kApplied, "level=1|2|3 mode=passthrough|-emulate|-disable"},
    {"cpu/feature", kNamed, "name policy=disable|forbid|force|optional|require"},
    {"cpu/maxphysaddr", kApplied, "-bits -limit mode=passthrough|-emulate"},
    {"cpu/model", kNamed, "fallback=allow|!forbid vendor_id"},
    {"cpu/numa", kNamed, ""},
    {"cpu/numa/cell", kNamed, "cpus discard=no|yes id memAccess=private|shared memory unit"},
    {"cpu/numa/cell/cache", kNamed,
     "associativity=direct|full|none level policy=none|writeback|writethrough"},
    {"cpu/numa/cell/cache/line", kNamed, "unit value"},
    {"cpu/numa/cell/cache/size", kNamed, "unit value"},
    {"cpu/numa/cell/distances", kNamed, ""},
    {"cpu/numa/cell/distances/sibling", kNamed, "id value"},
    {"cpu/numa/interconnects", kNamed, ""},
    {"cpu/numa/interconnects/bandwidth", kNamed, "cache initiator target type=access|read|write unit value"},
    {"cpu/numa/interconnects/latency", kNamed, "cache initiator target type=access|read|write value"},
    {"cpu/topology", kNamed, "clusters cores dies sockets threads", is_not_one_row_of_cores},
    {"cpu/vendor", kNamed, ""},
    {"cputune", kApplied, ""},
    {"cputune/cachetune", kNamed, "id vcpus"},
    {"cputune/cachetune/cache", kNamed, "id level size type=both|code|data unit"},
    {"cputune/cachetune/monitor", kNamed, "level vcpus"},
    {"cputune/emulator_period", kNamed, ""},
    {"cputune/emulator_quota", kNamed, ""},
    {"cputune/emulatorpin", kNamed, "cpuset"},
    {"cputune/emulatorsched", kNamed, "priority scheduler=batch|fifo|idle|rr"},
    {"cputune/global_period", kNamed, ""},
    {"cputune/global_quota", kNamed, ""},
    {"cputune/iothread_period", kNamed, ""},
    {"cputune/iothread_quota", kNamed, ""},
    {"cputune/iothreadpin", kNamed, "cpuset iothread"},
    {"cputune/iothreadsched", kNamed, "iothreads priority scheduler=batch|fifo|idle|rr"},
    {"cputune/memorytune", kNamed, "vcpus"},
    {"cputune/memorytune/monitor", kNamed, "vcpus"},
    {"cputune/memorytune/node", kNamed, "bandwidth id"},
    {"cputune/period", kNamed, ""},
    {"cputune/quota", kNamed, ""},
    {"cputune/shares", kNamed, ""},
    {"cputune/vcpupin", kNamed, "cpuset vcpu"},
    {"cputune/vcpusched", kNamed, "priority scheduler=batch|fifo|idle|rr vcpus"},
    {"currentMemory", kNamed, "unit", is_less_than_memory},
    {"datacenterpath/*", kNamed, ""},
    {"defaultiothread", kNamed, "thread_pool_max thread_pool_min"},
    {"deprecation/*", kNamed, ""},
    {"description", kApplied, ""},
    {"devices", kApplied, ""},
    {"devices/audio/*", kRefused, ""},
    {"devices/channel/*", kRefused, ""},
    {"devices/console", kApplied, "tty type"},
    {"devices/console/acpi/*", kRefused, ""},
    {"devices/console/address/*", kNamed, ""},
    {"devices/console/alias", kApplied, "name"},
    {"devices/console/log", kApplied, "append=off|on file"},
    {"devices/console/protocol", kRefused, ""},
    {"devices/console/source/*", kApplied, ""},
    {"devices/console/target", kApplied, "port type"},
    {"devices/console/target/model", kRefused, ""},
    {"devices/controller", kNamed,
     "index maxEventChannels maxGrantFrames "
     "model=am53c974|auto|buslogic|dc390|dmi-to-pci-bridge|ehci|ibmvscsi|ich6|ich9-ehci1|ich9-uhci1|ich9-"
     "uhci2|ich9-uhci3|lsilogic|lsisas1068|lsisas1078|ncr53c90|nec-xhci|none|pci-bridge|pci-expander-bus|pci-"
     "ohci|pci-root|pcie-expander-bus|pcie-root|pcie-root-port|pcie-switch-downstream-port|pcie-switch-"
     "upstream-port|pcie-to-pci-bridge|piix3|piix3-uhci|piix4|piix4-uhci|qemu-xhci|qusb1|qusb2|virtio|virtio-"
     "non-transitional|virtio-scsi|virtio-transitional|vmpvscsi|vt82c686b-uhci ports +type vectors",
     has_a_model},
    {"devices/controller/acpi", kRefused, ""},
    {"devices/controller/address/*", kNamed, ""},
    {"devices/controller/alias", kNamed, "name"},
    {"devices/controller/driver", kNamed,
     "ats=off|on cmd_per_lun ioeventfd=off|on iommu=off|on iothread max_sectors packed=off|on "
     "page_per_vq=off|on queues"},
    {"devices/controller/driver/iothreads", kNamed, ""},
    {"devices/controller/driver/iothreads/iothread", kNamed, "id"},
    {"devices/controller/driver/iothreads/iothread/queue", kNamed, "id"},
    {"devices/controller/master", kNamed, "startport"},
    {"devices/controller/model", kNamed,
     "name=i82801b11-bridge|ioh3420|pci-bridge|pcie-pci-bridge|pcie-root-port|pxb|pxb-pcie|spapr-pci-host-"
     "bridge|x3130-upstream|xio3130-downstream"},
    {"devices/controller/pcihole64", kNamed, "unit"},
    {"devices/controller/target", kNamed, "busNr chassis chassisNr hotplug=off|on index memReserve port"},
    {"devices/controller/target/node", kNamed, ""},
    {"devices/crypto/*", kRefused, ""},
    {"devices/disk/*", kRefused, ""},
    {"devices/emulator", kNamed, "", is_not_virtsevs_monitor},
    {"devices/filesystem/*", kRefused, ""},
    {"devices/graphics/*", kRefused, ""},
    {"devices/hostdev/*", kRefused, ""},
    {"devices/hub/*", kRefused, ""},
    {"devices/input", kNamed,
     "bus=ps2|usb|virtio|xen model=virtio|virtio-non-transitional|virtio-transitional +type"},
    {"devices/input/acpi", kRefused, ""},
    {"devices/input/address/*", kNamed, ""},
    {"devices/input/alias", kNamed, "name"},
    {"devices/input/driver", kNamed, "ats=off|on iommu=off|on packed=off|on page_per_vq=off|on"},
    {"devices/input/source", kRefused, ""},
    {"devices/interface/*", kRefused, ""},
    {"devices/iommu/*", kRefused, ""},
    {"devices/lease/*", kRefused, ""},
    {"devices/memballoon", kNamed, "autodeflate=off|on freePageReporting=off|on model", has_a_model},
    {"devices/memballoon/acpi", kRefused, ""},
    {"devices/memballoon/address/*", kNamed, ""},
    {"devices/memballoon/alias", kNamed, "name"},
    {"devices/memballoon/driver", kNamed, "ats=off|on iommu=off|on packed=off|on page_per_vq=off|on"},
    {"devices/memballoon/stats", kNamed, "period"},
    {"devices/memory/*", kRefused, ""},
    {"devices/nvram/*", kRefused, ""},
    {"devices/panic/*", kRefused, ""},
    {"devices/parallel/*", kRefused, ""},
    {"devices/pstore/*", kRefused, ""},
    {"devices/redirdev/*", kRefused, ""},
    {"devices/redirfilter/*", kRefused, ""},
    {"devices/rng/*", kRefused, ""},
    {"devices/serial", kApplied, "tty type"},
    {"devices/serial/acpi/*", kRefused, ""},
    {"devices/serial/address/*", kNamed, ""},
    {"devices/serial/alias", kApplied, "name"},
    {"devices/serial/log", kApplied, "append=off|on file"},
    {"devices/serial/protocol", kRefused, ""},
    {"devices/serial/source/*", kApplied, ""},
    {"devices/serial/target", kApplied, "port type"},
    {"devices/serial/target/model", kApplied, "name"},
    {"devices/shmem/*", kRefused, ""},
    {"devices/smartcard/*", kRefused, ""},
    {"devices/sound/*", kRefused, ""},
    {"devices/tpm/*", kRefused, ""},
    {"devices/video/*", kRefused, ""},
    {"devices/vsock/*", kRefused, ""},
    {"devices/watchdog/*", kRefused, ""},
    {"features", kApplied, ""},
    {"features/acpi", kApplied, ""},
    {"features/aia", kRefused, ""},
    {"features/apic", kApplied, "eoi=-off|-on"},
    {"features/async-teardown", kRefused, ""},
    {"features/capabilities/*", kRefused, ""},
    {"features/ccf-assist", kRefused, ""},
    {"features/cfpc", kRefused, ""},
    {"features/gic", kRefused, ""},
    {"features/hap", kApplied, "state=on|-off"},
    {"features/hpt/*", kRefused, ""},
    {"features/htm", kRefused, ""},
    {"features/hyperv/*", kRefused, ""},
    {"features/ibs", kRefused, ""},
    {"features/ioapic", kApplied, "driver"},
    {"features/kvm/*", kRefused, ""},
    {"features/msrs", kRefused, ""},
    {"features/nested-hv", kRefused, ""},
    {"features/pae", kApplied, ""},
    {"features/pmu", kApplied, "state=on|-off"},
    {"features/privnet", kRefused, ""},
    {"features/ps2", kRefused, ""},
    {"features/pvspinlock", kApplied, "state=on|-off"},
    {"features/ras", kRefused, ""},
    {"features/sbbc", kRefused, ""},
    {"features/smm/*", kRefused, ""},
    {"features/tcg/*", kRefused, ""},
    {"features/viridian", kRefused, ""},
    {"features/vmcoreinfo", kRefused, ""},
    {"features/vmport", kRefused, ""},
    {"features/xen/*", kRefused, ""},
    {"genid", kNamed, ""},
    {"idmap", kNamed, ""},
    {"idmap/gid", kNamed, "count start target"},
    {"idmap/uid", kNamed, "count start target"},
    {"iothreadids", kNamed, ""},
    {"iothreadids/iothread", kNamed, "id thread_pool_max thread_pool_min"},
    {"iothreadids/iothread/poll", kNamed, "grow max shrink"},
    {"iothreads", kNamed, "", is_not_zero},
    {"keywrap", kApplied, ""},
    {"keywrap/cipher", kApplied, "+name=aes|dea state=off|-on"},
    {"launchSecurity", kApplied, "type kernelHashes"},
    {"launchSecurity/cbitpos", kApplied, ""},
    {"launchSecurity/dhCert", kApplied, ""},
    {"launchSecurity/guestVisibleWorkarounds", kRefused, ""},
    {"launchSecurity/handle", kNamed, ""},
    {"launchSecurity/hostData", kRefused, ""},
    {"launchSecurity/idAuth", kRefused, ""},
    {"launchSecurity/idBlock", kRefused, ""},
    {"launchSecurity/policy", kApplied, ""},
    {"launchSecurity/reducedPhysBits", kApplied, ""},
    {"launchSecurity/session", kApplied, ""},
    {"maxMemory", kNamed, "slots unit"},
    {"memory", kApplied, "dumpCore=off|-on unit"},
    {"memoryBacking", kApplied, ""},
    {"memoryBacking/access", kNamed, "mode=private|shared"},
    {"memoryBacking/allocation", kNamed, "mode=immediate|ondemand threads"},
    {"memoryBacking/discard", kNamed, ""},
    {"memoryBacking/hugepages/*", kNamed, ""},
    {"memoryBacking/locked", kNamed, ""},
    {"memoryBacking/nosharepages", kNamed, ""},
    {"memoryBacking/source", kNamed, "type=anonymous|file|memfd"},
    {"memtune", kApplied, ""},
    {"memtune/hard_limit", kNamed, "unit"},
    {"memtune/min_guarantee", kNamed, "unit"},
    {"memtune/soft_limit", kNamed, "unit"},
    {"memtune/swap_hard_limit", kNamed, "unit"},
    {"metadata/*", kApplied, ""},
    {"name", kApplied, ""},
    {"namespace/*", kNamed, ""},
    {"numatune", kApplied, ""},
    {"numatune/memnode", kNamed, "cellid mode=interleave|preferred|restrictive|strict nodeset"},
    {"numatune/memory", kNamed, "mode=interleave|preferred|restrictive|strict nodeset placement=auto|static"},
    {"on_crash", kApplied, ""},
    {"on_lockfailure", kNamed, ".=ignore|pause|poweroff|restart"},
    {"on_poweroff", kApplied, ""},
    {"on_reboot", kApplied, ""},
    {"os", kApplied, "firmware"},
    {"os/acpi/*", kRefused, ""},
    {"os/bios", kRefused, ""},
    {"os/boot", kNamed, "dev=cdrom|fd|hd|network"},
    {"os/bootmenu", kApplied, "enable timeout"},
    {"os/cmdline", kApplied, ""},
    {"os/dtb", kRefused, ""},
    {"os/firmware/*", kRefused, ""},
    {"os/init", kRefused, ""},
    {"os/initarg", kRefused, ""},
    {"os/initdir", kRefused, ""},
    {"os/initenv", kRefused, ""},
    {"os/initgroup", kRefused, ""},
    {"os/initrd", kApplied, ""},
    {"os/inituser", kRefused, ""},
    {"os/kernel", kApplied, ""},
    {"os/loader/*", kRefused, ""},
    {"os/nvram/*", kRefused, ""},
    {"os/root", kRefused, ""},
    {"os/shim", kRefused, ""},
    {"os/smbios", kRefused, ""},
    {"os/type", kApplied, "arch machine"},
    {"os/varstore/*", kRefused, ""},
    {"override/*", kNamed, ""},
    {"perf", kApplied, ""},
    {"perf/event", kNamed,
     "enabled=no|yes "
     "+name=alignment_faults|branch_instructions|branch_misses|bus_cycles|cache_misses|cache_references|cmt|"
     "context_switches|cpu_clock|cpu_cycles|cpu_migrations|emulation_faults|instructions|mbml|mbmt|page_"
     "faults|page_faults_maj|page_faults_min|ref_cpu_cycles|stalled_cycles_backend|stalled_cycles_frontend|"
     "task_clock",
     is_enabled},
    {"pm", kApplied, ""},
    {"pm/suspend-to-disk", kApplied, "enabled=no|-yes"},
    {"pm/suspend-to-mem", kApplied, "enabled=no|-yes"},
    {"resource", kApplied, ""},
    {"resource/fibrechannel", kNamed, "appid"},
    {"resource/partition", kNamed, ""},
    {"seclabel", kNamed, "model relabel=no|yes type=dynamic|none|static", labels},
    {"seclabel/baselabel", kNamed, ""},
    {"seclabel/imagelabel", kNamed, ""},
    {"seclabel/label", kNamed, ""},
    {"sysinfo", kNamed, "type=fwcfg|smbios"},
    {"sysinfo/baseBoard", kNamed, ""},
    {"sysinfo/baseBoard/entry", kNamed, "name=asset|location|manufacturer|product|serial|version"},
    {"sysinfo/bios", kNamed, ""},
    {"sysinfo/bios/entry", kNamed, "name=date|release|vendor|version"},
    {"sysinfo/chassis", kNamed, ""},
    {"sysinfo/chassis/entry", kNamed, "name=asset|manufacturer|serial|sku|version"},
    {"sysinfo/entry", kNamed, "file name"},
    {"sysinfo/oemStrings", kNamed, ""},
    {"sysinfo/oemStrings/entry", kNamed, ""},
    {"sysinfo/system", kNamed, ""},
    {"sysinfo/system/entry", kNamed, "name=family|manufacturer|product|serial|sku|uuid|version"},
    {"throttlegroups/*", kNamed, ""},
    {"title", kApplied, ""},
    {"uuid", kApplied, ""},
    {"vcpu", kApplied, "-cpuset current placement=static|-auto"},
    {"vcpus", kApplied, ""},
    {"vcpus/vcpu", kApplied, "enabled hotpluggable=no|-yes id -order"},
};

constexpr std::string_view kAllWithin = "/*";

constexpr std::string_view path_of(const Row& row) {
  return row.path.ends_with(kAllWithin) ? row.path.substr(0, row.path.size() - kAllWithin.size()) : row.path;
}

constexpr bool comes_before(const Row& a, const Row& b) { return path_of(a) < path_of(b); }
static_assert(std::is_sorted(std::begin(kRows), std::end(kRows), comes_before));

const Row* find_exactly(std::string_view path) {
  const auto* const found =
      std::lower_bound(std::begin(kRows), std::end(kRows), path,
                       [](const Row& row, std::string_view wanted) { return path_of(row) < wanted; });
  return found != std::end(kRows) && path_of(*found) == path ? found : nullptr;
}

}  // namespace

std::span<const Row> rows() { return kRows; }

const Row* find_row(std::string_view path) {
  if (const Row* row = find_exactly(path)) {
    return row;
  }
  for (std::size_t end = path.rfind('/'); end != std::string_view::npos; end = path.rfind('/', end - 1)) {
    const Row* row = find_exactly(path.substr(0, end));
    if (row != nullptr && row->path.ends_with(kAllWithin)) {
      return row;
    }
    if (end == 0) {
      break;
    }
  }
  return nullptr;
}

}  // namespace virtsev::domain_xml
