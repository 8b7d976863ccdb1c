// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/pci/pci_bus.hpp"

#include <algorithm>
#include <utility>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

Result<PciBus::Attachment, PciRefusal> PciBus::attach(std::uint8_t device, PciFunction& function) {
  if (device >= kDevices) {
    return unexpected(PciRefusal::kNoSuchDevice);
  }
  const std::lock_guard lock(mutex_);
  if (functions_[device] != nullptr) {
    return unexpected(PciRefusal::kTaken);
  }
  functions_[device] = &function;
  return Attachment(*this, device);
}

void PciBus::detach(std::uint8_t device) {
  const std::lock_guard lock(mutex_);
  functions_[device] = nullptr;
}

PciFunction* PciBus::at(const PciRegister& where) const {
  if (where.bus == 0) {
    return where.device < kDevices && where.function == 0 ? functions_[where.device] : nullptr;
  }
  for (PciFunction* function : functions_) {
    PciBridge* bridge = function != nullptr ? function->bridge() : nullptr;
    if (PciFunction* found = bridge != nullptr ? bridge->function_at(where) : nullptr) {
      return found;
    }
  }
  return nullptr;
}

void PciBus::read(const PciRegister& where, MutableBytes data) {
  const std::lock_guard lock(mutex_);
  if (PciFunction* function = at(where)) {
    function->read(where.offset, data);
  } else {
    std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  }
}

void PciBus::write(const PciRegister& where, ByteView data) {
  const std::lock_guard lock(mutex_);
  if (PciFunction* function = at(where)) {
    function->write(where.offset, data);
  }
}

PciBus::Attachment::~Attachment() {
  if (bus_ != nullptr) {
    bus_->detach(device_);
  }
}

PciBus::Attachment::Attachment(Attachment&& other) noexcept
    : bus_(std::exchange(other.bus_, nullptr)), device_(other.device_) {}

PciBus::Attachment& PciBus::Attachment::operator=(Attachment&& other) noexcept {
  std::swap(bus_, other.bus_);
  std::swap(device_, other.device_);
  return *this;
}

PciBus::Attachment attach_or_throw(PciBus& bus, const std::string& name, std::uint8_t device,
                                   PciFunction& function) {
  auto attachment = bus.attach(device, function);
  if (!attachment) {
    throw Error(ErrorCode::kInternal,
                text("the device \"{}\" can't be PCI device {}: another one is, or there is no such number",
                     name, static_cast<unsigned>(device)));
  }
  return std::move(*attachment);
}

}  // namespace virtsev::vmm
