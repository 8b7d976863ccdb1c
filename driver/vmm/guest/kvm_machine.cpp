// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/guest/kvm_machine.hpp"

#include <utility>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

/// IA32_MTRR_DEF_TYPE: enabled, write-back. With MTRRs off Linux sets up no PAT, and an SEV guest's kernel
/// stops early (mem_encrypt_amd.c).
constexpr std::uint32_t kMtrrDefaultType = 0x2ff;
constexpr std::uint64_t kMtrrEnabledWriteBack = 0x806;

}  // namespace

KvmMachine::KvmMachine(const KvmHost& host, unsigned long type, std::unique_ptr<MachineMemory> memory)
    : vm_(host, type),
      memory_(std::move(memory)),
      map_([this](std::uint32_t slot, const MemoryMap::Range& range) {
        vm_.set_memory_slot(slot, range.start, range.size, range.host, range.kind == MemoryMap::Kind::kRom);
      }),
      interrupts_(vm_, layout::kIoApicPins) {}

KvmMachine::~KvmMachine() = default;

void KvmMachine::plug_memory(std::uint64_t size) {
  for (const MemoryMap::Range& window : device_windows(size)) {
    map_.add_or_throw(window);
  }
  memory_->plug_into(map_);
}

void KvmMachine::add_vcpus(const KvmHost& host, const std::vector<CpuidEntries>& cpuid) {
  vm_.set_intel_pages(layout::kKvmIdentityMap.start, layout::kKvmTss.start);
  vm_.create_interrupt_controllers(layout::kIoApicPins);
  for (std::uint32_t id = 0; id < cpuid.size(); ++id) {
    auto vcpu = std::make_unique<KvmVcpu>(host, vm_, id);
    vcpu->set_cpuid(cpuid[id]);
    vcpu->set_msr(kMtrrDefaultType, kMtrrEnabledWriteBack);
    vcpus_.push_back(std::move(vcpu));
  }
}

void KvmMachine::wire(Wiring wiring) {
  mode_ = std::move(wiring.mode);
  const OnGuestEnd& on_end = wiring.on_end;
  if (needs_device_thread(wiring.devices)) {
    device_thread_.emplace("devices", wiring.sandboxes.device);
  }
  EventLoop& device_loop = device_thread_ ? device_thread_->loop() : wiring.loop;
  board_.emplace(Board::Wiring{interrupts_, interrupts_, wiring.loop, device_loop, memory_->shared_memory(),
                               map_.all(MemoryMap::Kind::kWindow),
                               [on_end] {
                                 on_end({control::EndReason::kPoweroff, {}});
                               },
                               [on_end] {
                                 on_end({control::EndReason::kReset, {}});
                               },
                               wiring.sandboxes.device,
                               [on_end] {
                                 on_end({control::EndReason::kPanicked,
                                         text("its kernel panicked, and said so by its pvpanic device")});
                               }},
                 wiring.devices);
  handler_.emplace(board_->buses(), *mode_);
  std::vector<Vcpu*> vcpus;
  for (const auto& vcpu : vcpus_) {
    vcpus.push_back(vcpu.get());
  }
  Standstill* const standstill = mode_->take_vcpus(std::move(vcpus));
  for (std::uint32_t id = 0; id < vcpus_.size(); ++id) {
    threads_.push_back(
        std::make_unique<VcpuThread>(id, *vcpus_[id], *handler_, on_end, wiring.sandboxes.vcpu, standstill));
  }
}

KvmVcpu& KvmMachine::vcpu(std::uint32_t id) {
  if (id >= vcpus_.size()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("the guest has no vCPU {}; it has {}, counted from 0", id, vcpus_.size()));
  }
  return *vcpus_[id];
}

std::vector<sevcore::VcpuState> KvmMachine::vcpu_states() const {
  std::vector<sevcore::VcpuState> states;
  for (const auto& vcpu : vcpus_) {
    states.push_back(vcpu->state());
  }
  return states;
}

void KvmMachine::start() {
  running_ = true;
  start_vcpus();
}

void KvmMachine::stop() {
  if (running_) {
    stop_vcpus();
    running_ = false;
  }
}

void KvmMachine::note_pause() {
  for (const auto& vcpu : vcpus_) {
    vcpu->note_pause();
  }
}

void KvmMachine::stop_vcpus() {
  for (const auto& thread : threads_) {
    thread->request_pause();
  }
  for (const auto& thread : threads_) {
    thread->wait_until_still();
  }
}

void KvmMachine::start_vcpus() {
  for (const auto& thread : threads_) {
    thread->resume();
  }
}

std::vector<std::uint64_t> KvmMachine::vcpu_times_ns() const {
  std::vector<std::uint64_t> times;
  for (const auto& thread : threads_) {
    times.push_back(thread->cpu_time_ns());
  }
  return times;
}

std::vector<std::uint32_t> KvmMachine::vcpu_thread_ids() const {
  std::vector<std::uint32_t> ids;
  for (const auto& thread : threads_) {
    ids.push_back(thread->thread_id());
  }
  return ids;
}

void KvmMachine::while_still(const std::function<void()>& action) {
  stop_vcpus();
  const auto go_on = [this] {
    if (running_) {
      start_vcpus();
    }
  };
  try {
    action();
  } catch (...) {
    go_on();
    throw;
  }
  go_on();
}

std::string KvmMachine::describe_vcpus() {
  std::string description;
  while_still([&] {
    for (std::uint32_t id = 0; id < vcpus_.size(); ++id) {
      description += (id == 0 ? "" : "; ") + handler_->describe_position(*vcpus_[id], id);
    }
  });
  return description;
}

}  // namespace virtsev::vmm
