// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware configuration device, as OVMF's driver talks to it: by bytes, and by DMA.
#include "driver/vmm/devices/fw_cfg.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/vmm/memory/host_memory.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kMemory = 1 << 20;
constexpr std::uint32_t kRead = 2;
constexpr std::uint32_t kSkip = 4;
constexpr std::uint32_t kSelect = 8;
constexpr std::uint32_t kWrite = 16;

template <typename Number>
Bytes big_endian(Number value) {
  Bytes bytes;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }
  return bytes;
}

template <typename Number>
Number from_big_endian(ByteView bytes) {
  Number value = 0;
  for (const std::uint8_t byte : bytes.first(sizeof(Number))) {
    value = static_cast<Number>(value << 8 | byte);
  }
  return value;
}

class FwCfgTest : public testing::Test {
 protected:
  static FwCfgOptions options() {
    FwCfgOptions options;
    options.items[FwCfg::kVcpus] = Bytes{4, 0};
    options.files.emplace_back("etc/first", Bytes{1, 2, 3});
    options.files.emplace_back(
        "etc/made",
        FwCfgMade{4, [](GuestAddress base) { return big_endian(static_cast<std::uint32_t>(base.value())); }});
    return options;
  }

  void select(std::uint16_t key) {
    Bytes data;
    append_le<std::uint16_t>(data, key);
    device_.write(0, data);
  }
  Bytes read(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) {
      device_.read(1, MutableBytes(&byte, 1));
    }
    return bytes;
  }
  /// What the device leaves in the request's control word.
  std::uint32_t dma(std::uint32_t control, std::uint32_t size, std::uint64_t address,
                    std::uint64_t request = 0x100) {
    Bytes access = big_endian(control);
    for (const Bytes& more : {big_endian(size), big_endian(address)}) {
      access.insert(access.end(), more.begin(), more.end());
    }
    EXPECT_TRUE(memory_.write(GuestAddress(request), access));
    device_.write(4, big_endian(static_cast<std::uint32_t>(request >> 32)));
    device_.write(8, big_endian(static_cast<std::uint32_t>(request)));
    return from_big_endian<std::uint32_t>(at(request, 4));
  }
  Bytes at(std::uint64_t address, std::size_t size) {
    Bytes bytes(size);
    EXPECT_TRUE(memory_.read(GuestAddress(address), bytes));
    return bytes;
  }

  HostMemory host_ = HostMemory::own(kMemory);
  SharedMemory memory_{{{GuestAddress(0), kMemory, host_.data()}}};
  GuestAddress configuration_{0xb0000000};
  FwCfg device_{options(), memory_, [this] { return configuration_; }};
};

TEST_F(FwCfgTest, TellsThatItIsThereAndCanDoDma) {
  select(FwCfg::kSignature);
  EXPECT_EQ(read(4), (Bytes{'Q', 'E', 'M', 'U'}));
  select(FwCfg::kInterface);
  EXPECT_EQ(read(4), (Bytes{3, 0, 0, 0}));
  Bytes signature(8);
  device_.read(4, signature);
  EXPECT_EQ(signature, (Bytes{'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G'}));
  select(FwCfg::kVcpus);
  EXPECT_EQ(read(2), (Bytes{4, 0}));
}

TEST_F(FwCfgTest, ADriverFindsAFileByItsNameAndReadsIt) {
  select(FwCfg::kDirectory);
  ASSERT_EQ(from_big_endian<std::uint32_t>(read(4)), 2U);
  const Bytes first = read(64);
  EXPECT_EQ(from_big_endian<std::uint32_t>(first), 3U) << "its size";
  EXPECT_STREQ(reinterpret_cast<const char*>(first.data() + 8), "etc/first");
  select(from_big_endian<std::uint16_t>(ByteView(first).subspan(4)));
  EXPECT_EQ(read(5), (Bytes{1, 2, 3, 0, 0})) << "zeros follow it";
}

TEST_F(FwCfgTest, WhatDependsOnTheFirmwareIsMadeWhenItAsks) {
  configuration_ = GuestAddress(0xe0000000);
  select(FwCfg::kFirstFile + 1);
  EXPECT_EQ(read(4), (Bytes{0xe0, 0, 0, 0}));
  configuration_ = GuestAddress(0);
  select(FwCfg::kFirstFile + 1);
  EXPECT_EQ(read(4), (Bytes{0xe0, 0, 0, 0})) << "what was told stays";
}

TEST_F(FwCfgTest, DmaReadsAndSkipsAndGoesOnWhereItWas) {
  EXPECT_EQ(dma(FwCfg::kFirstFile << 16 | kSelect | kSkip, 1, 0), 0U);
  EXPECT_EQ(dma(kRead, 4, 0x2000), 0U);
  EXPECT_EQ(at(0x2000, 4), (Bytes{2, 3, 0, 0}));
}

TEST_F(FwCfgTest, DmaOfManyBytesFillsAllOfThem) {
  std::fill_n(host_.data(), kMemory, std::uint8_t{0xee});
  EXPECT_EQ(dma(FwCfg::kFirstFile << 16 | kSelect | kRead, 300'000, 0x10000), 0U);
  EXPECT_EQ(at(0x10000, 4), (Bytes{1, 2, 3, 0}));
  EXPECT_EQ(at(0x10000 + 299'999, 2), (Bytes{0, 0xee}));
}

TEST_F(FwCfgTest, DmaToWhereNoSharedMemoryIsIsAnErrorAndWritesNothing) {
  EXPECT_EQ(dma(FwCfg::kFirstFile << 16 | kSelect | kRead, 2, kMemory - 1), 1U);
  EXPECT_EQ(dma(kRead, 0xffffffff, 0), 1U);
  EXPECT_EQ(dma(kRead, 1, ~std::uint64_t{0}), 1U);
  device_.write(4, big_endian(~std::uint64_t{0}));  // The request itself
}

TEST_F(FwCfgTest, TheGuestCanWriteNothing) {
  EXPECT_EQ(dma(FwCfg::kFirstFile << 16 | kSelect | kWrite, 1, 0x2000), 1U);
  select(FwCfg::kFirstFile);
  device_.write(1, Bytes{0xff});
  EXPECT_EQ(read(3), (Bytes{1, 2, 3}));
}

TEST_F(FwCfgTest, WhatIsNotThereReadsAsZeros) {
  select(0x7777);
  EXPECT_EQ(read(3), (Bytes{0, 0, 0}));
  EXPECT_EQ(dma(0x7777U << 16 | kSelect | kRead, 2, 0x2000), 0U);
}

TEST_F(FwCfgTest, AFilesPartIsReadFromTheFileAndIsZerosWhereThatIsShorter) {
  auto file = std::make_shared<const UniqueFd>(::memfd_create("kernel", MFD_CLOEXEC));
  ASSERT_EQ(::write(file->get(), "0123456789", 10), 10);
  FwCfgOptions options;
  options.items[FwCfg::kKernel] = FwCfgFilePart{file, 7, 5};
  FwCfg device(options, memory_, [] { return GuestAddress(); });
  Bytes key;
  append_le<std::uint16_t>(key, FwCfg::kKernel);
  device.write(0, key);
  Bytes bytes(6);
  for (std::uint8_t& byte : bytes) {
    device.read(1, MutableBytes(&byte, 1));
  }
  EXPECT_EQ(bytes, (Bytes{'7', '8', '9', 0, 0, 0}));
}

}  // namespace
}  // namespace virtsev::vmm::test
