// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages below the kernel, read back with the offsets of the boot protocol.
#include "driver/boot/linux/boot_params.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

BootParams example() {
  BootParams parameters;
  parameters.setup_header = Bytes(0x26c - 0x1f1, 0);
  parameters.setup_header[0x211 - 0x1f1] = 0x41;
  parameters.initrd = GuestAddress(0x1f000000);
  parameters.initrd_size = 12345;
  parameters.rsdp = GuestAddress(0x110000);
  parameters.memory = memory_map(512ULL << 20);
  return parameters;
}

TEST(BootParams, SayWhatABootLoaderMustSay) {
  const Bytes page = boot_params_page(example());
  ASSERT_EQ(page.size(), 4096U);
  EXPECT_EQ(page[0x210], 0xff);
  EXPECT_EQ(page[0x211], 0x41);
  EXPECT_EQ(get_le<std::uint32_t>(page, 0x214), 0x1000000U);
  EXPECT_EQ(get_le<std::uint32_t>(page, 0x218), 0x1f000000U);
  EXPECT_EQ(get_le<std::uint32_t>(page, 0x21c), 12345U);
  EXPECT_EQ(get_le<std::uint32_t>(page, 0x228), layout::kCommandLine.start.value());
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x250), layout::kSecret.start.value());
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x070), 0x110000U);
  EXPECT_EQ(page[0x1ef], 0) << "the sentinel: anything else, and Linux clears half of the page";
}

TEST(BootParams, HoldTheMemoryMap) {
  const BootParams parameters = example();
  const Bytes page = boot_params_page(parameters);
  ASSERT_EQ(page[0x1e8], parameters.memory.size());
  for (std::size_t i = 0; i < parameters.memory.size(); ++i) {
    EXPECT_EQ(get_le<std::uint64_t>(page, 0x2d0 + 20 * i), parameters.memory[i].start.value());
    EXPECT_EQ(get_le<std::uint64_t>(page, 0x2d0 + 20 * i + 8), parameters.memory[i].size);
    EXPECT_EQ(get_le<std::uint32_t>(page, 0x2d0 + 20 * i + 16),
              static_cast<std::uint32_t>(parameters.memory[i].type));
  }
}

TEST(SecretPage, IsOneNodeOfAnOwnTypeWithZerosForTheSecret) {
  const Bytes page = secret_page();
  ASSERT_EQ(page.size(), 4096U);
  EXPECT_EQ(get_le<std::uint64_t>(page, 0), 0U) << "last node";
  EXPECT_EQ(get_le<std::uint32_t>(page, 8), kSecretNodeType);
  EXPECT_EQ(kSecretNodeType & 0x80000000U, 0U) << "bit 31 means SETUP_INDIRECT";
  EXPECT_EQ(get_le<std::uint32_t>(page, 12), 4096U - 16);
  EXPECT_TRUE(std::all_of(page.begin() + 16, page.end(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST(Gdt, HasFlatSegmentsAtTheProtocolsSelectors) {
  const Bytes page = gdt_page();
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x00), 0U);
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x10), 0x00cf9b000000ffffU);
  EXPECT_EQ(get_le<std::uint64_t>(page, 0x18), 0x00cf93000000ffffU);
}

TEST(BiosDataArea, EndsConventionalMemoryWhereTheMemoryMapDoes) {
  const Bytes page = bios_data_area_page();
  EXPECT_EQ(get_le<std::uint16_t>(page, 0x40e) * 16U, layout::kConventionalEnd.value());
  EXPECT_EQ(get_le<std::uint16_t>(page, 0x413) * 1024U, layout::kConventionalEnd.value());
}

TEST(ResetVector, AsksForTheEndByTheGhcbRegisterWhereThePortCantBeWritten) {
  const Bytes page = encrypted_reset_vector_page();
  EXPECT_EQ(page[0xff0], 0xeb);
  const std::size_t target = 0xff2 + static_cast<std::int8_t>(page[0xff1]);
  const Bytes code(page.begin() + static_cast<std::ptrdiff_t>(target),
                   page.begin() + static_cast<std::ptrdiff_t>(target) + 24);
  EXPECT_EQ(code, (Bytes{0x66, 0xb9, 0x30, 0x01, 0x01, 0xc0, 0x66, 0xb8, 0x00, 0xe1, 0x52, 0x00,
                         0x66, 0x31, 0xd2, 0x0f, 0x30, 0xf3, 0x0f, 0x01, 0xd9, 0xf4, 0xeb, 0xfd}));
  EXPECT_TRUE(is_reset_request(get_le<std::uint32_t>(code, 8)));
  EXPECT_FALSE(is_reset_request(0x100));
}

TEST(ResetVector, IsUsedWhereTheCommandLineSaysSo) {
  EXPECT_TRUE(reboots_by_reset_vector("console=ttyS0 reboot=b"));
  EXPECT_TRUE(reboots_by_reset_vector("reboot=w,bios,force quiet"));
  EXPECT_TRUE(reboots_by_reset_vector("reboot=a reboot=b"));
  EXPECT_FALSE(reboots_by_reset_vector("reboot=b,k"));
  EXPECT_FALSE(reboots_by_reset_vector("reboot=a,w"));
  EXPECT_FALSE(reboots_by_reset_vector("noreboot=b quiet"));
  EXPECT_FALSE(reboots_by_reset_vector(""));
  EXPECT_FALSE(reboots_by_reset_vector("reboot="));
}

TEST(ResetVector, WritesTheResetValueToTheResetPort) {
  const Bytes page = reset_vector_page();
  const Bytes code(page.begin() + 0xff0, page.begin() + 0xff9);
  EXPECT_EQ(code, (Bytes{0xba, 0x02, 0x06, 0xb0, 0x01, 0xee, 0xf4, 0xeb, 0xfd}));
  EXPECT_EQ(layout::kResetVector.start.value() + layout::kResetVectorEntry, 0xffff0U) << "F000:FFF0";
}

}  // namespace
}  // namespace virtsev::boot
