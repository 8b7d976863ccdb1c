// SPDX-License-Identifier: LGPL-2.1-or-later
// What firmware is told of its machine.
#include "driver/vmm/guest/firmware_devices.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/boot/acpi/firmware_tables.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm::test {
namespace {

class FirmwareDevices : public testing::Test {
 protected:
  FirmwareDevices() {
    machine_.memory_bytes = 512 * layout::kMiB;
    machine_.vcpus = 4;
    machine_.boot = spec::FirmwareBoot{};
  }
  FwCfgOptions configuration() {
    for (const DeviceOptions& device : firmware_devices(machine_)) {
      if (const auto* options = std::get_if<FwCfgOptions>(&device)) {
        return *options;
      }
    }
    ADD_FAILURE() << "no fw_cfg";
    return {};
  }
  Bytes file(const std::string& name) {
    const FwCfgOptions options = configuration();
    const auto found = std::find_if(options.files.begin(), options.files.end(),
                                    [&](const auto& each) { return each.first == name; });
    return found == options.files.end() ? Bytes() : std::get<Bytes>(found->second);
  }
  void add(const std::string& id, spec::PciAddress address, decltype(spec::DeviceDescription::kind) kind) {
    machine_.devices.push_back({id, address, std::move(kind)});
  }

  spec::Machine machine_;
};

TEST_F(FirmwareDevices, AMachineThatBootsDirectlyHasNone) {
  machine_.boot = spec::DirectBoot{};
  EXPECT_TRUE(firmware_devices(machine_).empty());
}

TEST_F(FirmwareDevices, TheMemoryMapIsWhereRamIs) {
  const auto ranges = [&] {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
    const Bytes map = file("etc/e820");
    for (std::size_t at = 0; at < map.size(); at += 20) {
      EXPECT_EQ(get_le<std::uint32_t>(map, at + 16), 1U) << "RAM";
      all.emplace_back(get_le<std::uint64_t>(map, at), get_le<std::uint64_t>(map, at + 8));
    }
    return all;
  };
  using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  EXPECT_EQ(ranges(), (Ranges{{0, 512 * layout::kMiB}}));
  machine_.memory_bytes = 6 * layout::kGiB;
  EXPECT_EQ(ranges(), (Ranges{{0, 2 * layout::kGiB}, {4 * layout::kGiB, 4 * layout::kGiB}}));
}

TEST_F(FirmwareDevices, DisksAreTriedBeforeNetworksAndByTheirPlaces) {
  EXPECT_TRUE(file("bootorder").empty()) << "nothing to order";
  add("net0", {3, 0}, spec::Interface{});
  add("disk0", {0x1a, 0}, spec::Disk{});
  add("port0", {5, 0}, spec::RootPort{2});
  add("disk1", {0, 2}, spec::Disk{});
  const Bytes order = file("bootorder");
  ASSERT_FALSE(order.empty());
  EXPECT_STREQ(reinterpret_cast<const char*>(order.data()),
               "/pci@i0cf8/scsi@1a/disk@0,0\n"
               "/pci@i0cf8/pci-bridge@5/scsi@0/disk@0,0\n"
               "/pci@i0cf8/ethernet@3/ethernet-phy@0\n");
}

TEST_F(FirmwareDevices, TheTablesSizesAreToldBeforeTheyAreMade) {
  const FwCfgOptions options = configuration();
  const auto& tables =
      std::get<FwCfgMade>(std::find_if(options.files.begin(), options.files.end(), [](const auto& each) {
                            return each.first == boot::acpi::kTablesFile;
                          })->second);
  EXPECT_EQ(tables.make(GuestAddress(0xb0000000)).size(), tables.size);
  EXPECT_EQ(std::get<Bytes>(options.items.at(FwCfg::kVcpus)), (Bytes{4, 0}));
}

TEST_F(FirmwareDevices, AKernelComesInTwoPartsThatAreItsWholeFile) {
  const UniqueFd kernel(::memfd_create("kernel", MFD_CLOEXEC));
  Bytes content(8192);
  content[0x1f1] = 3;  // Sectors of the setup, beside the boot sector
  ASSERT_EQ(::write(kernel.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  machine_.boot = spec::FirmwareBoot{{}, {}, spec::Payload{{kernel.get(), "kernel"}, {}, "quiet"}};
  const FwCfgOptions options = configuration();
  const auto& setup = std::get<FwCfgFilePart>(options.items.at(FwCfg::kSetup));
  const auto& rest = std::get<FwCfgFilePart>(options.items.at(FwCfg::kKernel));
  EXPECT_EQ(setup.offset, 0U);
  EXPECT_EQ(setup.size, 2048U);
  EXPECT_EQ(rest.offset, 2048U);
  EXPECT_EQ(rest.size, 8192U - 2048U);
  EXPECT_EQ(std::get<Bytes>(options.items.at(FwCfg::kCommandLine)), (Bytes{'q', 'u', 'i', 'e', 't', 0}));
  EXPECT_EQ(options.items.count(FwCfg::kInitrd), 0U);
}

}  // namespace
}  // namespace virtsev::vmm::test
