// SPDX-License-Identifier: LGPL-2.1-or-later
// How a guest is made, in the order that the kernel's SEV interface asks for: machine, INIT, memory, vCPUs,
// launch.
#include <fcntl.h>
#include <sys/utsname.h>

#include "driver/boot/compose.hpp"
#include "driver/boot/hardware_limits.hpp"
#include "driver/vmm/machine/guest.hpp"
#include "driver/vmm/simulation/simulated_sev.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/kernel/reduced_phys_bits.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

/// IA32_MTRR_DEF_TYPE: enabled, write-back. With MTRRs off Linux sets up no PAT, and an SEV guest's kernel
/// stops early (mem_encrypt_amd.c).
constexpr std::uint32_t kMtrrDefaultType = 0x2ff;
constexpr std::uint64_t kMtrrEnabledWriteBack = 0x806;

UniqueFd copy_of_kvm(const control::Start& start) {
  UniqueFd copy(::fcntl(start.kvm, F_DUPFD_CLOEXEC, 0));
  if (!copy) {
    throw Error(ErrorCode::kInternal, text("virtsevd did not pass /dev/kvm to the monitor"));
  }
  return copy;
}

spec::Machine as_launched_here(spec::Machine machine, const Platform* platform) {
  if (platform != nullptr) {
    machine.protection = platform->as_launched_here(std::move(machine.protection));
  }
  return machine;
}

std::optional<HiddenState> hidden_state(bool hidden) {
  utsname system{};
  if (!hidden || ::uname(&system) != 0) {
    return hidden ? std::optional(HiddenState{true}) : std::nullopt;
  }
  return HiddenState{shutdown_may_be_einval(system.release)};
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
             const std::function<void()>& vcpu_sandbox, const PlatformMaker& platform_maker,
             const Launch::OnProgress& on_progress) {
  const KvmHost host(copy_of_kvm(start));
  check_hardware_limits(start);
  if (sevcore::is_protected(start.machine.protection)) {
    platform_ = platform_maker(start, host);
  }
  const sevcore::LaunchPlan plan = boot::compose(as_launched_here(start.machine, platform_.get()));
  make_machine(start, host, plan, on_progress);
  make_vcpus(start, host, plan);
  launch(start, plan);
  if (platform_) {
    platform_->forget_launch();
  }
  wire(start, loop, on_end, vcpu_sandbox);
}

void Guest::make_machine(const control::Start& start, const KvmHost& host, const sevcore::LaunchPlan& plan,
                         const Launch::OnProgress& on_progress) {
  const std::uint64_t size = start.machine.memory_bytes;
  vm_.emplace(host, platform_ ? platform_->kvm_vm_type(plan.protection) : 0UL);
  memory_ = platform_ ? platform_->make_memory(size) : std::make_unique<PlainMemory>(size);
  LaunchSubject subject{plan, *memory_, nullptr, {}};
  if (platform_) {
    sev_vm_ = platform_->make_sev_vm(vm_->descriptor(), plan.protection, [this] {
      std::vector<sevcore::VcpuState> states;
      for (const auto& vcpu : vcpus_) {
        states.push_back(vcpu->state());
      }
      return states;
    });
    subject.sev = sev_vm_.get();
    subject.asids = platform_->asid_pool(plan.protection);
  }
  launch_ = make_launch_protocol(subject, on_progress);
  launch_->initialise();
  map_.emplace([this](std::uint32_t slot, const MemoryMap::Range& range) {
    vm_->set_memory_slot(slot, range.start, range.size, range.host, range.kind == MemoryMap::Kind::kRom);
  });
  for (const MemoryMap::Range& window : device_windows(size)) {
    map_->add_or_throw(window);
  }
  memory_->plug_into(*map_);
  launch_->take_memory();
  vm_->set_intel_pages(layout::kKvmIdentityMap.start, layout::kKvmTss.start);
  vm_->create_interrupt_controllers(layout::kIoApicPins);
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

void Guest::make_vcpus(const control::Start& start, const KvmHost& host, const sevcore::LaunchPlan& plan) {
  std::vector<CpuidEntries> cpuid = cpuid_of_vcpus(start, host);
  for (std::uint32_t id = 0; id < plan.vcpus.size(); ++id) {
    auto vcpu = std::make_unique<KvmVcpu>(host, *vm_, id);
    vcpu->set_cpuid(cpuid[id]);
    vcpu->set_msr(kMtrrDefaultType, kMtrrEnabledWriteBack);
    vcpu->set_state(plan.vcpus[id]);
    vcpus_.push_back(std::move(vcpu));
  }
  if (platform_) {
    mode_ = platform_->simulate(*vm_, plan.protection, std::move(cpuid));
  }
  if (!mode_) {
    mode_ = std::make_unique<NativeMode>(hidden_state(sevcore::encrypts_state(plan.protection)));
  }
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

void Guest::wire(const control::Start& start, EventLoop& loop, const OnGuestEnd& on_end,
                 const std::function<void()>& vcpu_sandbox) {
  interrupts_.emplace(*vm_, layout::kIoApicPins);
  Board::Wiring wiring{*interrupts_, loop, memory_->shared_memory(), map_->all(MemoryMap::Kind::kWindow)};
  wiring.power_off = [on_end] { on_end({control::EndReason::kPoweroff, {}}); };
  wiring.reset = [on_end] { on_end({control::EndReason::kReset, {}}); };
  SerialPortOptions serial;
  if (const spec::Serial* given = spec::serial_of(start.machine)) {
    serial = {given->terminal_master, given->log};
  }
  board_.emplace(wiring, std::vector<DeviceOptions>{serial, RealTimeClockOptions{}, AcpiPowerOptions{},
                                                    KeyboardControllerOptions{}});
  handler_.emplace(board_->buses(), *mode_);
  for (std::uint32_t id = 0; id < vcpus_.size(); ++id) {
    threads_.push_back(std::make_unique<VcpuThread>(id, *vcpus_[id], *handler_, on_end, vcpu_sandbox));
  }
}

}  // namespace virtsev::vmm
