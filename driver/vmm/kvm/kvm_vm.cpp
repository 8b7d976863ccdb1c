// SPDX-License-Identifier: LGPL-2.1-or-later
// A KVM virtual machine.
#include "driver/vmm/kvm/kvm_vm.hpp"

#include "driver/vmm/kvm/counted_list.hpp"
#include "driver/vmm/kvm/ioctl.hpp"

namespace virtsev::vmm {

std::vector<kvm_irq_routing_entry> pin_routes(std::uint32_t pins) {
  std::vector<kvm_irq_routing_entry> entries(pins);
  for (std::uint32_t pin = 0; pin < pins; ++pin) {
    entries[pin].gsi = pin;
    entries[pin].type = KVM_IRQ_ROUTING_IRQCHIP;
    entries[pin].u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
    entries[pin].u.irqchip.pin = pin;
  }
  return entries;
}

void KvmVm::create_interrupt_controllers(std::uint32_t pins) {
  checked_ioctl(vm_.get(), KVM_CREATE_IRQCHIP, 0UL, "KVM_CREATE_IRQCHIP");
  // KVM's own routing also feeds a PIC, which this machine does not have.
  if (!set_interrupt_routes(pin_routes(pins))) {
    throw_kvm_error("KVM_SET_GSI_ROUTING", errno);
  }
}

bool KvmVm::set_interrupt_routes(std::span<const kvm_irq_routing_entry> routes) const {
  CountedList<kvm_irq_routing_entry> list(routes);
  return retried_ioctl(vm_.get(), kSetGsiRouting, list.argument()) == 0;
}

void KvmVm::set_intel_pages(GuestAddress identity_map, GuestAddress tss) {
  std::uint64_t address = identity_map.value();
  checked_ioctl(vm_.get(), KVM_SET_IDENTITY_MAP_ADDR, &address, "KVM_SET_IDENTITY_MAP_ADDR");
  checked_ioctl(vm_.get(), KVM_SET_TSS_ADDR, tss.value(), "KVM_SET_TSS_ADDR");
}

void KvmVm::exit_on_msrs(std::span<const MsrRange> ranges) {
  kvm_enable_cap capability{};
  capability.cap = KVM_CAP_X86_USER_SPACE_MSR;
  capability.args[0] = KVM_MSR_EXIT_REASON_FILTER;
  checked_ioctl(vm_.get(), KVM_ENABLE_CAP, &capability, "KVM_CAP_X86_USER_SPACE_MSR");

  std::uint64_t denied = 0;  // a register's bit is 0 where the guest's access becomes an exit
  kvm_msr_filter filter{};
  filter.flags = KVM_MSR_FILTER_DEFAULT_ALLOW;
  for (std::size_t i = 0; i < ranges.size() && i < KVM_MSR_FILTER_MAX_RANGES; ++i) {
    kvm_msr_filter_range& range = filter.ranges[i];
    range.flags = ranges[i].writes_alone ? KVM_MSR_FILTER_WRITE : KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE;
    range.base = ranges[i].first;
    range.nmsrs = ranges[i].count;
    range.bitmap = reinterpret_cast<std::uint8_t*>(&denied);
  }
  checked_ioctl(vm_.get(), KVM_X86_SET_MSR_FILTER, &filter, "KVM_X86_SET_MSR_FILTER");
}

void KvmVm::set_memory_slot(std::uint32_t slot, GuestAddress start, std::uint64_t size, void* host,
                            bool read_only) {
  kvm_userspace_memory_region region{};
  region.slot = slot;
  region.flags = read_only ? KVM_MEM_READONLY : 0;
  region.guest_phys_addr = start.value();
  region.memory_size = size;
  region.userspace_addr = reinterpret_cast<std::uintptr_t>(host);
  checked_ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
}

void KvmVm::set_interrupt_line(std::uint32_t line, bool level) const {
  kvm_irq_level request{};
  request.irq = line;
  request.level = level ? 1 : 0;
  // Can't fail for a line that exists; nothing could be done about it on a vCPU's thread.
  (void)retried_ioctl(vm_.get(), KVM_IRQ_LINE, &request);
}

void KvmVm::send_message(std::uint64_t address, std::uint32_t data) const {
  kvm_msi message{};
  message.address_lo = static_cast<std::uint32_t>(address);
  message.address_hi = static_cast<std::uint32_t>(address >> 32);
  message.data = data;
  // 0 where no vCPU takes it; nothing could be done about that.
  (void)retried_ioctl(vm_.get(), KVM_SIGNAL_MSI, &message);
}

UniqueFd KvmVm::create_vcpu(std::uint32_t id) const {
  return UniqueFd(
      checked_ioctl(vm_.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(id), "KVM_CREATE_VCPU"));
}

}  // namespace virtsev::vmm
