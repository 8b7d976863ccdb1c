// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/host-check/host_check.hpp"

#include "sevcore/base/text.hpp"
#include "sevcore/host-check/parts.hpp"

namespace virtsev::sevcore {
namespace {

void append(Findings& to, const Findings& from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace

HostCheck check_host(const HostRoots& roots) {
  HostCheck check;
  check.cpu = read_cpu_facts(roots.cpuid);
  PartFindings all;
  const auto add = [&all](const PartFindings& part) {
    append(all.sev, part.sev);
    append(all.es, part.es);
    append(all.snp, part.snp);
  };
  add(check_processor(check.cpu));
  if (check.cpu.sev) {  // Else no setting helps
    check.memory_lock_limit = roots.memory_lock_limit();
    add(check_kernel(roots.kernel_release()));
    add(check_module(roots.sys));
    append(all.sev, check_kvm_device(roots.dev + "/kvm"));
    add(check_sev_device(roots, check));
    append(all.sev, check_memory_lock(check.memory_lock_limit));
    check.asids = read_asid_usage(roots.sys, check.cpu);
    if (all.es.empty()) {  // Else KVM only says the same
      append(all.es, check_snp_beside_es(check.snp_status, check.cpu.model));
      append(all.es, check_hidden_asids(check.asids));
    }
    if (all.es.empty() && check.cpu.es) {
      append(all.es, check_vm_types(roots.kernel_release(), roots.vm_types(roots.dev + "/kvm")));
    }
  }
  check.sev = all.sev;
  check.es = all.sev;
  append(check.es, all.es);
  check.snp = all.sev;
  append(check.snp, all.snp);
  return check;
}

std::string describe(const std::vector<HostFinding>& findings) {
  std::string out;
  for (const HostFinding& finding : findings) {
    out += (out.empty() ? "" : "\n") + text("{}; {}", finding.problem, finding.next_step);
  }
  return out;
}

std::string_view name_of(HostPart part) {
  switch (part) {
    case HostPart::kCpu:
      return "cpu";
    case HostPart::kBios:
      return "bios";
    case HostPart::kKernel:
      return "kernel";
    case HostPart::kKernelModule:
      return "kvm_amd";
    case HostPart::kKvmDevice:
      return "dev-kvm";
    case HostPart::kSevDevice:
      return "dev-sev";
    case HostPart::kFirmware:
      return "firmware";
    case HostPart::kMemoryLock:
      return "memory-lock";
  }
  return "?";
}

}  // namespace virtsev::sevcore
