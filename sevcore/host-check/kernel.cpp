// SPDX-License-Identifier: LGPL-2.1-or-later
// The running kernel, its module kvm_amd, and how much memory it lets this user lock.
#include <array>
#include <charconv>
#include <optional>

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sevcore/base/text.hpp"
#include "sevcore/host-check/parts.hpp"
#include "sevcore/host-check/small_file.hpp"
#include "sevcore/kernel/pinned_memory.hpp"

namespace virtsev::sevcore {
namespace {

struct KernelVersion {
  unsigned major = 0, minor = 0;
  [[nodiscard]] bool older_than(const KernelVersion& other) const {
    return major != other.major ? major < other.major : minor < other.minor;
  }
};

/// When KVM came to run guests of each kind.
constexpr KernelVersion kSevSince{4, 16};
constexpr KernelVersion kEsSince{5, 11};
constexpr KernelVersion kSnpSince{6, 11};

/// The smallest guest that Linux starts in; less locked memory helps nobody.
constexpr std::uint64_t kSmallestGuest = 128ULL << 20;
constexpr std::uint64_t kMiB = 1ULL << 20;

std::optional<KernelVersion> parse_release(const std::string& release) {
  KernelVersion version;
  const char* const end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') {
    return std::nullopt;
  }
  if (std::from_chars(major.ptr + 1, end, version.minor).ec != std::errc()) {
    return std::nullopt;
  }
  return version;
}

/// A release that is no version may be a new one.
bool older(const std::string& release, KernelVersion since) {
  const auto version = parse_release(release);
  return version && version->older_than(since);
}

Findings check_age(const std::string& release, KernelVersion since, const char* kind) {
  if (!older(release, since)) {
    return {};
  }
  return {{HostPart::kKernel, text("this host's Linux ({}) runs no {} guests", release, kind),
           text("use Linux {}.{} or later", since.major, since.minor)}};
}

/// A boolean module parameter reads "Y" or "N", that of older kernels "1" or "0".
bool is_on(const std::string& value) { return !value.empty() && (value[0] == 'Y' || value[0] == '1'); }

Findings check_parameter(const std::string& sys, const char* name, const std::string& cure) {
  const auto value = read_small_file(sys + "/module/kvm_amd/parameters/" + name);
  if (value && is_on(*value)) {
    return {};
  }
  const std::string problem = value ? text("kvm_amd's parameter {} is off", name)
                                    : text("kvm_amd has no parameter {} that can be read", name);
  return {{HostPart::kKernelModule, problem, cure}};
}

bool has_capability(std::array<__user_cap_data_struct, 2>& data, unsigned capability) {
  return ((data[capability / 32].effective >> (capability % 32)) & 1U) != 0;
}

}  // namespace

std::string running_kernel() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "";
}

std::optional<std::uint64_t> memory_lock_limit() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) == 0 &&
      (has_capability(data, CAP_IPC_LOCK) || has_capability(data, CAP_SYS_RESOURCE))) {
    return std::nullopt;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) {
    return std::nullopt;
  }
  return limit.rlim_max;
}

PartFindings check_kernel(const std::string& release) {
  return {check_age(release, kSevSince, "SEV"), check_age(release, kEsSince, "SEV-ES"),
          check_age(release, kSnpSince, "SEV-SNP")};
}

PartFindings check_module(const std::string& sys) {
  if (::access((sys + "/module/kvm_amd").c_str(), F_OK) != 0) {
    return {{{HostPart::kKernelModule, text("the kernel module kvm_amd is not loaded"),
              text("enable SVM in the BIOS, and run `modprobe kvm_amd sev=1 sev_es=1`")}},
            {},
            {}};
  }
  return {
      check_parameter(sys, "sev",
                      text("enable SMEE in the BIOS, add mem_encrypt=on kvm_amd.sev=1 to the kernel's "
                           "command line, and restart")),
      check_parameter(sys, "sev_es", text("add kvm_amd.sev_es=1 to the kernel's command line, and restart")),
      check_parameter(sys, "sev_snp",
                      text("enable IOMMU, SEV-SNP support and the RMP table's memory coverage in the "
                           "BIOS, add kvm_amd.sev_snp=1 to the kernel's command line, and restart"))};
}

Findings check_vm_types(const std::string& release, std::uint32_t types) {
  // Before, KVM offered what the processor has.
  constexpr KernelVersion kTellsWhatCanBeUsed{6, 18};
  const auto offers = [types](KvmVmType type) { return ((types >> static_cast<unsigned>(type)) & 1U) != 0; };
  if (older(release, kTellsWhatCanBeUsed) || !offers(KvmVmType::kSev) || offers(KvmVmType::kSevEs)) {
    return {};
  }
  return {{HostPart::kKernelModule, text("this kernel offers SEV guests, but no SEV-ES guests"),
           text("look at dmesg for \"SEV-ES unusable\"; where SEV-SNP is initialised: {}", cure_of_snp())}};
}

Findings check_hidden_asids(const AsidUsage& asids) {
  if (asids.hidden == 0 || asids.es.total > 0) {
    return {};
  }
  return {
      {HostPart::kKernelModule,
       text("kvm_amd keeps all {} ASIDs that SEV-ES guests could have for SEV-SNP guests "
            "(ciphertext_hiding_asids)",
            asids.hidden),
       text("give kvm_amd.ciphertext_hiding_asids on the kernel's command line a smaller number, or leave "
            "it out, and restart")}};
}

Findings check_memory_lock(std::optional<std::uint64_t> limit) {
  if (!limit || *limit >= bytes_to_lock(kSmallestGuest)) {
    return {};
  }
  return {
      {HostPart::kMemoryLock,
       text("this user may lock {} MiB of memory, but all memory of an SEV guest is locked", *limit / kMiB),
       text("run virtsevd as root, or raise the hard limit on locked memory to the guests' memory and {} "
            "MiB (memlock in /etc/security/limits.conf, LimitMEMLOCK= of the service)",
            kPinnedPiece / kMiB)}};
}

}  // namespace virtsev::sevcore
