// SPDX-License-Identifier: LGPL-2.1-or-later
// The table itself, by path. Checked with the schemas of libvirt 9.0 and 11.3.
#include <algorithm>

#include "domain-xml/elements/conditions.hpp"
#include "domain-xml/elements/row_order.hpp"

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
    {"cputune/emulatorpin", kApplied, "cpuset"},
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
    {"cputune/vcpupin", kNamed, "cpuset +vcpu", is_of_no_vcpu},
    {"cputune/vcpusched", kNamed, "priority scheduler=batch|fifo|idle|rr vcpus"},
    {"currentMemory", kNamed, "unit", is_less_than_memory},
    {"datacenterpath/*", kNamed, ""},
    {"defaultiothread", kNamed, "thread_pool_max thread_pool_min"},
    {"deprecation/*", kNamed, ""},
    {"description", kApplied, ""},
    {"devices", kApplied, ""},
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
    {"os/loader", kApplied, "format readonly secure stateless type"},
    {"os/nvram/*", kRefused, ""},
    {"os/root", kRefused, ""},
    {"os/shim", kRefused, ""},
    {"os/smbios", kNamed, "mode=emulate|host|sysinfo"},
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
    {"seclabel", kNamed, "model relabel=no|yes type=dynamic|none|static", has_a_type},
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
    {"vcpu", kApplied, "cpuset current placement=static|-auto"},
    {"vcpus", kApplied, ""},
    {"vcpus/vcpu", kApplied, "enabled hotpluggable=no|-yes id -order"},
};

static_assert(is_in_order(kRows));

const Row* find_exactly(std::string_view path) {
  const std::span<const Row> table = path.starts_with("devices/") ? device_rows() : kRows;
  const auto found =
      std::lower_bound(table.begin(), table.end(), path,
                       [](const Row& row, std::string_view wanted) { return path_of(row) < wanted; });
  return found != table.end() && path_of(*found) == path ? &*found : nullptr;
}

}  // namespace

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
