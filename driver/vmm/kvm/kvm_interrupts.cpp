// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/kvm/kvm_interrupts.hpp"

#include <cerrno>
#include <vector>

#include "driver/vmm/kvm/ioctl.hpp"

namespace virtsev::vmm {
namespace {

kvm_irqfd irqfd_of(std::uint32_t gsi, int event, std::uint32_t flags) {
  kvm_irqfd request{};
  request.fd = static_cast<std::uint32_t>(event);
  request.gsi = gsi;
  request.flags = flags;
  return request;
}

kvm_ioeventfd ioeventfd_of(const DoorbellPlace& place, int event, std::uint32_t flags) {
  kvm_ioeventfd request{};
  request.addr = place.address;
  request.len = place.size;
  request.fd = event;
  request.datamatch = place.value.value_or(0);
  request.flags = flags;
  if (place.value) {
    request.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
  }
  if (place.space == DoorbellPlace::Space::kPorts) {
    request.flags |= KVM_IOEVENTFD_FLAG_PIO;
  }
  return request;
}

}  // namespace

bool KvmInterrupts::set_routes(std::span<const Route> routes) {
  std::vector<kvm_irq_routing_entry> entries = pin_routes(pins_);
  entries.reserve(entries.size() + routes.size());
  for (const Route& route : routes) {
    kvm_irq_routing_entry entry{};
    entry.gsi = route.gsi;
    entry.type = KVM_IRQ_ROUTING_MSI;
    entry.u.msi.address_lo = static_cast<std::uint32_t>(route.message.address);
    entry.u.msi.address_hi = static_cast<std::uint32_t>(route.message.address >> 32);
    entry.u.msi.data = route.message.data;
    entries.push_back(entry);
  }
  return vm_.set_interrupt_routes(entries);
}

void KvmInterrupts::connect(std::uint32_t gsi, int event) {
  const kvm_irqfd request = irqfd_of(gsi, event, 0);
  checked_ioctl(vm_.descriptor(), KVM_IRQFD, &request, "KVM_IRQFD");
}

void KvmInterrupts::disconnect(std::uint32_t gsi, int event) {
  const kvm_irqfd request = irqfd_of(gsi, event, KVM_IRQFD_FLAG_DEASSIGN);
  (void)retried_ioctl(vm_.descriptor(), KVM_IRQFD, &request);
}

bool KvmInterrupts::add(const DoorbellPlace& place, int event) {
  const kvm_ioeventfd request = ioeventfd_of(place, event, 0);
  return retried_ioctl(vm_.descriptor(), KVM_IOEVENTFD, &request) == 0;
}

void KvmInterrupts::remove(const DoorbellPlace& place, int event) {
  const kvm_ioeventfd request = ioeventfd_of(place, event, KVM_IOEVENTFD_FLAG_DEASSIGN);
  (void)retried_ioctl(vm_.descriptor(), KVM_IOEVENTFD, &request);
}

}  // namespace virtsev::vmm
