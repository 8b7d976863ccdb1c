// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/virtio/pci_capabilities.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint16_t kVendor = 0x1af4;  // 4.1.2
constexpr std::uint16_t kFirstModernDevice = 0x1040;

constexpr std::uint8_t kVendorSpecific = 0x09;
enum class Structure : std::uint8_t { kCommon = 1, kNotify = 2, kIsr = 3, kDevice = 4, kWindow = 5 };

// struct virtio_pci_cap (4.1.4), as offsets from the capability's first byte.
constexpr std::size_t kBar = 4;
constexpr std::size_t kOffset = 8;
constexpr std::size_t kLength = 12;
constexpr std::size_t kBytes = 16;
constexpr std::size_t kData = 16;  // struct virtio_pci_cfg_cap (4.1.4.9)
constexpr std::size_t kDataBytes = 4;

/// All but the two bytes that every capability begins with; `more` bytes at its end.
Bytes body(Structure structure, std::size_t bar, std::uint32_t offset, std::uint32_t length,
           std::size_t more = 0) {
  Bytes whole(kBytes + more);
  whole[2] = static_cast<std::uint8_t>(whole.size());
  whole[3] = static_cast<std::uint8_t>(structure);
  whole[kBar] = static_cast<std::uint8_t>(bar);
  put_le<std::uint32_t>(whole, kOffset, offset);
  put_le<std::uint32_t>(whole, kLength, length);
  return {whole.begin() + 2, whole.end()};
}

}  // namespace

PciIdentity identity_of(const VirtioDevice& device) {
  const auto number = static_cast<std::uint16_t>(kFirstModernDevice + device.type());
  return {kVendor, number, 1, device.pci_class(), kVendor, number};
}

void RegisterWindow::add_to(PciFunction& function) {
  const auto add = [&](Structure structure, std::uint32_t offset, std::uint32_t length) {
    function.add_capability(kVendorSpecific, body(structure, bar_, offset, length), {}, nullptr);
  };
  add(Structure::kCommon, PciTransport::kCommonOffset, CommonConfiguration::kSize);
  add(Structure::kIsr, PciTransport::kIsrOffset, 4);
  add(Structure::kDevice, PciTransport::kDeviceOffset, PciTransport::kRegionSize);
  Bytes notify = body(Structure::kNotify, bar_, PciTransport::kNotifyOffset, PciTransport::kRegionSize, 4);
  put_le<std::uint32_t>(notify, kBytes - 2, PciTransport::kNotifyMultiplier);
  function.add_capability(kVendorSpecific, notify, {}, nullptr);

  Bytes writable(kBytes - 2 + kDataBytes);
  writable[kBar - 2] = 0xff;
  for (std::size_t i = kOffset - 2; i < writable.size(); ++i) {
    writable[i] = 0xff;
  }
  capability_ =
      function.add_capability(kVendorSpecific, body(Structure::kWindow, 0, 0, 0, kDataBytes), writable, this);
}

bool RegisterWindow::touches_data(std::size_t offset, std::size_t size) const {
  const std::size_t data = capability_ + kData;
  return offset < data + kDataBytes && offset + size > data;
}

MutableBytes RegisterWindow::data_of(ConfigurationSpace& space) const {
  const auto offset = get_le<std::uint32_t>(space.bytes(), capability_ + kOffset);
  const auto length = get_le<std::uint32_t>(space.bytes(), capability_ + kLength);
  // 4.1.4.9.2: 1, 2 or 4 bytes, aligned.
  const bool possible = (length == 1 || length == 2 || length == 4) && offset % length == 0 &&
                        offset < PciTransport::kBarSize && space.bytes()[capability_ + kBar] == bar_;
  return space.bytes().subspan(capability_ + kData, possible ? length : 0);
}

void RegisterWindow::before_read(ConfigurationSpace& space, std::size_t offset, std::size_t size) {
  if (const MutableBytes data = data_of(space); touches_data(offset, size) && !data.empty()) {
    registers_.read(get_le<std::uint32_t>(space.bytes(), capability_ + kOffset), data);
  }
}

void RegisterWindow::after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) {
  if (const MutableBytes data = data_of(space); touches_data(offset, size) && !data.empty()) {
    registers_.write(get_le<std::uint32_t>(space.bytes(), capability_ + kOffset), data);
  }
}

}  // namespace virtsev::vmm
