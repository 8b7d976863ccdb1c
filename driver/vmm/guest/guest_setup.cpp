// SPDX-License-Identifier: LGPL-2.1-or-later
// How a guest is made, in the order that the kernel's SEV interface asks for: machine, INIT, memory, vCPUs,
// launch.
#include <fcntl.h>

#include "driver/boot/compose.hpp"
#include "driver/boot/hardware_limits.hpp"
#include "driver/vmm/guest/device_options.hpp"
#include "driver/vmm/guest/guest.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/kernel/reduced_phys_bits.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

UniqueFd copy_of_kvm(const control::Start& start) {
  UniqueFd copy(::fcntl(start.kvm, F_DUPFD_CLOEXEC, 0));
  if (!copy) {
    throw Error(ErrorCode::kInternal, text("virtsevd did not pass /dev/kvm to the monitor"));
  }
  return copy;
}

spec::Machine as_launched_here(spec::Machine machine, const Platform* platform, const KvmHost& host) {
  if (platform != nullptr) {
    machine.protection = platform->as_launched_here(std::move(machine.protection));
  }
  if (!machine.cpu.signature) {
    machine.cpu.signature = cpu_signature(host.supported_cpuid());
  }
  return machine;
}

/// Bytes of the firmware's image; 0 where there is none.
std::uint64_t firmware_bytes(const sevcore::LaunchPlan& plan) {
  for (const sevcore::Region& region : plan.regions) {
    if (region.address >= layout::kFlash.start && region.address < layout::kFlash.end()) {
      return layout::kFlash.end() - region.address;
    }
  }
  return 0;
}

void check_hardware_limits(const control::Start& start) {
  if (start.platform != control::Platform::kHardware || !sevcore::is_protected(start.machine.protection)) {
    return;
  }
  if (const std::optional<std::string> reason = boot::reason_against_hardware(start.machine)) {
    throw Error(ErrorCode::kConfigUnsupported, *reason);
  }
}

}  // namespace

Guest::Guest(const control::Start& start, EventLoop& loop, OnGuestEnd on_end,
             const ThreadSandboxes& sandboxes, const PlatformMaker& platform_maker,
             const Launch::OnProgress& on_progress) {
  const KvmHost host(copy_of_kvm(start));
  check_hardware_limits(start);
  if (sevcore::is_protected(start.machine.protection)) {
    platform_ = platform_maker(start, host);
  }
  const sevcore::LaunchPlan plan = boot::compose(as_launched_here(start.machine, platform_.get(), host));
  make_machine(start, host, plan, on_progress);
  const std::vector<CpuidEntries> cpuid = cpuid_of_vcpus(start, host);
  machine_->add_vcpus(host, cpuid);
  for (std::uint32_t id = 0; id < plan.vcpus.size(); ++id) {
    machine_->vcpu(id).set_state(plan.vcpus[id]);
  }
  std::unique_ptr<GuestMode> mode = platform_ ? platform_->make_mode(machine_->vm(), plan.protection, cpuid)
                                              : std::make_unique<NativeMode>();
  launch(start, plan);
  if (platform_) {
    platform_->forget_launch();
  }
  machine_->wire({loop, std::move(mode), std::move(on_end), sandboxes, device_options(start.machine)});
}

void Guest::make_machine(const control::Start& start, const KvmHost& host, const sevcore::LaunchPlan& plan,
                         const Launch::OnProgress& on_progress) {
  const std::uint64_t size = start.machine.memory_bytes;
  std::unique_ptr<MachineMemory> memory = platform_
                                              ? platform_->make_memory(size, firmware_bytes(plan))
                                              : std::make_unique<PlainMemory>(size, firmware_bytes(plan));
  machine_.emplace(host, platform_ ? platform_->kvm_vm_type(plan.protection) : 0UL, std::move(memory));
  LaunchSubject subject{plan, machine_->memory(), nullptr, {}};
  if (platform_) {
    sev_vm_ = platform_->make_sev_vm(machine_->vm().descriptor(), plan.protection,
                                     [this] { return machine_->vcpu_states(); });
    subject.sev = sev_vm_.get();
    subject.asids = platform_->asid_pool(plan.protection);
  }
  launch_ = make_launch_protocol(subject, on_progress);
  launch_->initialise();
  machine_->plug_memory(size);
  launch_->take_memory();
}

std::vector<CpuidEntries> Guest::cpuid_of_vcpus(const control::Start& start, const KvmHost& host) const {
  const CpuidEntries supported = host.supported_cpuid();
  std::vector<CpuidEntries> all;
  for (std::uint32_t id = 0; id < start.machine.vcpus; ++id) {
    CpuidRequest request;
    request.vcpu = layout::apic_id(id);
    request.vcpus = start.machine.vcpus;
    request.tsc_deadline = host.extension(KVM_CAP_TSC_DEADLINE_TIMER) != 0;
    if (platform_) {
      request.encryption =
          EncryptionLeaf{sevcore::encrypts_state(start.machine.protection), platform_->c_bit_position()};
    }
    all.push_back(filter_cpuid(supported, request));
  }
  return all;
}

void Guest::launch(const control::Start& start, const sevcore::LaunchPlan& plan) {
  report_.platform = start.platform;
  report_.protection = sevcore::without_owner(plan.protection);
  report_.measurement = launch_->load();
  if (!platform_) {
    return;
  }
  const sevcore::PlatformInformation information = sevcore::read_platform_status(platform_->device());
  report_.api_major = information.api_major;
  report_.api_minor = information.api_minor;
  report_.build = information.build;
  report_.c_bit_position = platform_->c_bit_position();
  report_.reduced_phys_bits = sevcore::kReducedPhysBits;
  report_.secret_address = plan.secret.address.value();
  report_.secret_size = plan.secret.size;
}

}  // namespace virtsev::vmm
