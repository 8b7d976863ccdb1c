// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/host_check.hpp"

#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "sevcore/base/text.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::sevcore {
namespace {

using Findings = std::vector<HostFinding>;

/// The first bytes of a small file of sysfs, nothing where it can't be read.
std::optional<std::string> read_parameter(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char buffer[16];
  const ssize_t length = file ? ::read(file.get(), buffer, sizeof(buffer)) : -1;
  if (length < 0) {
    return std::nullopt;
  }
  return std::string(buffer, static_cast<std::size_t>(length));
}

/// A boolean module parameter reads "Y" or "N", that of older kernels "1" or "0".
bool is_on(const std::string& value) { return !value.empty() && (value[0] == 'Y' || value[0] == '1'); }

Findings check_cpu(const CpuFacts& cpu) {
  if (!cpu.amd) {
    return {
        {HostPart::kCpu, text("this host's processor is not from AMD"),
         text("use a host with an AMD EPYC processor, or the simulated platform (platform = \"simulated\" "
              "in virtsevd.conf)")}};
  }
  if (!cpu.sev) {
    return {{HostPart::kCpu, text("this host's processor does not offer SEV"),
             text("an EPYC processor is needed, with SMEE enabled in the BIOS; a virtual machine has no SEV "
                  "of its own")}};
  }
  return {};
}

Findings check_bios(const CpuFacts& cpu) {
  if (cpu.sev && cpu.sev_guests() == 0) {
    return {{HostPart::kBios, text("the BIOS leaves no ASIDs for SEV guests"),
             text("enable SMEE, and set \"SEV-ES ASID space limit\" below {} in the BIOS", cpu.max_asid)}};
  }
  return {};
}

Findings check_es_cpu(const CpuFacts& cpu) {
  if (!cpu.sev) {
    return {};
  }
  if (!cpu.es) {
    return {{HostPart::kCpu, text("this host's processor offers SEV, but not SEV-ES"),
             text("use a second-generation EPYC or later, or a policy without the ES bit")}};
  }
  if (cpu.es_guests() == 0) {
    return {{HostPart::kBios, text("the BIOS gives no ASIDs to SEV-ES guests"),
             text("set \"SEV-ES ASID space limit\" (or \"Minimum SEV non-ES ASID\") above 1 in the BIOS")}};
  }
  return {};
}

Findings check_parameter(const HostRoots& roots, const char* name, const std::string& cure) {
  const auto value = read_parameter(roots.sys + "/module/kvm_amd/parameters/" + name);
  if (value && is_on(*value)) {
    return {};
  }
  const std::string problem = value ? text("kvm_amd's parameter {} is off", name)
                                    : text("kvm_amd has no parameter {} that can be read", name);
  return {{HostPart::kKernelModule, problem, cure}};
}

bool module_loaded(const HostRoots& roots) {
  return ::access((roots.sys + "/module/kvm_amd").c_str(), F_OK) == 0;
}

Findings check_device(const std::string& path, HostPart part, int mode,
                      const std::string& cure_when_missing) {
  if (::access(path.c_str(), mode) == 0) {
    return {};
  }
  if (errno == EACCES || errno == EPERM || errno == EROFS) {
    return {{part, text("{} can't be opened: permission denied", path),
             text("run virtsevd as root, or give its user access to {}", path)}};
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return {{part, text("{} does not exist", path), cure_when_missing}};
  }
  return {{part, text("{} can't be opened: {}", path, ::strerror(errno)), text("look at dmesg")}};
}

void append(Findings& to, Findings from) {
  for (HostFinding& finding : from) {
    to.push_back(std::move(finding));
  }
}

}  // namespace

HostCheck check_host(const HostRoots& roots) {
  HostCheck check;
  check.cpu = read_cpu_facts(roots.cpuid);
  check.sev = check_cpu(check.cpu);
  if (!check.sev.empty()) {
    check.es = check.sev;
    return check;  // No setting changes the processor
  }
  append(check.sev, check_bios(check.cpu));
  check.es = check_es_cpu(check.cpu);
  if (module_loaded(roots)) {
    append(check.sev, check_parameter(roots, "sev",
                                      text("enable SMEE in the BIOS, add mem_encrypt=on kvm_amd.sev=1 to the "
                                           "kernel's command line, and restart")));
    append(check.es, check_parameter(roots, "sev_es",
                                     text("add kvm_amd.sev_es=1 to the kernel's command line, and restart")));
  } else {
    check.sev.push_back({HostPart::kKernelModule, text("the kernel module kvm_amd is not loaded"),
                         text("enable SVM in the BIOS, and run `modprobe kvm_amd sev=1 sev_es=1`")});
  }
  append(check.sev, check_device(roots.dev + "/kvm", HostPart::kKvmDevice, R_OK | W_OK,
                                 text("enable virtualisation (SVM) in the BIOS, and load kvm_amd")));
  append(check.sev,
         check_device(roots.dev + "/sev", HostPart::kSevDevice, R_OK,
                      text("enable the security processor (PSP) in the BIOS, and load the ccp module")));
  check.es.insert(check.es.begin(), check.sev.begin(), check.sev.end());
  return check;
}

std::string describe(const std::vector<HostFinding>& findings) {
  std::string out;
  for (const HostFinding& finding : findings) {
    out += (out.empty() ? "" : "\n") + text("{}; {}", finding.problem, finding.next_step);
  }
  return out;
}

}  // namespace virtsev::sevcore
