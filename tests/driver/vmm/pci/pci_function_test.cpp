// SPDX-License-Identifier: LGPL-2.1-or-later
// A function's registers are where the guest puts them, and harm nobody wherever that is.
#include "driver/vmm/pci/pci_function.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/pci/pci_host.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {
namespace {

/// Says its own number.
class Registers final : public BusDevice {
 public:
  explicit Registers(std::uint8_t number) : number_(number) {}
  void read(std::uint64_t, MutableBytes data) override { data[0] = number_; }
  void write(std::uint64_t, ByteView) override { ++writes; }
  int writes = 0;

 private:
  std::uint8_t number_;
};

constexpr std::uint32_t kWindow = 0xc0000000;
constexpr PciIdentity kIdentity{1, 2, 3, 4, 5, 6};

class PciFunctionTest : public testing::Test {
 protected:
  PciFunctionTest() {
    one_.add_bar({0, 0x4000, &first_, [this](std::optional<GuestAddress> at) { placed_.push_back(at); }});
    one_.add_bar({1, 0x1000, &second_, {}});
    other_.add_bar({0, 0x1000, &third_, {}});
  }
  static void put(PciFunction& function, std::size_t offset, std::uint32_t value, std::size_t size = 4) {
    ByteArray<4> data{};
    put_le<std::uint32_t>(data, 0, value);
    function.write(offset, ByteView(data).first(size));
  }
  static std::uint32_t get(PciFunction& function, std::size_t offset) {
    ByteArray<4> data{};
    function.read(offset, data);
    return get_le<std::uint32_t>(data, 0);
  }
  static void decode(PciFunction& function, bool on) { put(function, 4, on ? 2 : 0, 2); }
  /// Who answers there; 0xff: nobody.
  std::uint8_t at(std::uint64_t address) {
    ByteArray<1> data{};
    memory_.read(address, data);
    return data[0];
  }

  Bus memory_{{{kWindow, 0x20000000}}};
  Registers first_{1};
  Registers second_{2};
  Registers third_{3};
  std::vector<std::optional<GuestAddress>> placed_;
  PciFunction one_{"one", kIdentity, memory_, GuestAddress(kWindow + 0x100000)};
  PciFunction other_{"other", kIdentity, memory_, GuestAddress(kWindow + 0x200000)};
};

TEST_F(PciFunctionTest, BarsHaveAddressesFromTheStartAndAnswerOnceDecodingIsOn) {
  EXPECT_EQ(get(one_, 0x10), kWindow + 0x100000);
  EXPECT_EQ(get(one_, 0x14), kWindow + 0x104000);
  EXPECT_EQ(at(kWindow + 0x100000), 0xff);
  decode(one_, true);
  EXPECT_EQ(at(kWindow + 0x100000), 1);
  EXPECT_EQ(at(kWindow + 0x103fff), 1);
  EXPECT_EQ(at(kWindow + 0x104000), 2);
  decode(one_, false);
  EXPECT_EQ(at(kWindow + 0x100000), 0xff);
  EXPECT_EQ(placed_,
            (std::vector<std::optional<GuestAddress>>{GuestAddress(kWindow + 0x100000), std::nullopt}));
}

TEST_F(PciFunctionTest, TheBitsOfABarSayItsSize) {
  put(one_, 0x10, 0xffffffff);
  put(one_, 0x14, 0xffffffff);
  EXPECT_EQ(get(one_, 0x10), 0xffffc000U);
  EXPECT_EQ(get(one_, 0x14), 0xfffff000U);
  put(one_, 0x18, 0xffffffff);
  EXPECT_EQ(get(one_, 0x18), 0U) << "there is none";
}

TEST_F(PciFunctionTest, ABarMovesWhereTheGuestPutsIt) {
  decode(one_, true);
  put(one_, 0x10, kWindow + 0x800000);
  EXPECT_EQ(at(kWindow + 0x100000), 0xff);
  EXPECT_EQ(at(kWindow + 0x800000), 1);
  EXPECT_EQ(placed_.back(), GuestAddress(kWindow + 0x800000));
  put(one_, 0x12, 0x90, 1);  // Byte by byte
  EXPECT_EQ(at(kWindow + 0x900000), 1);
}

TEST_F(PciFunctionTest, ABarOnRamOrOutsideOfTheWindowsAnswersNowhere) {
  for (const std::uint32_t address :
       {0U, 0x1000000U, kWindow - 0x4000, 0xffffc000U, 0xfee00000U, kWindow + 0x20000000}) {
    decode(one_, true);
    put(one_, 0x10, address);
    EXPECT_EQ(at(address), 0xff) << address;
    EXPECT_EQ(placed_.back(), std::nullopt);
    EXPECT_EQ(get(one_, 0x10), address) << "reads back all the same";
    EXPECT_EQ(at(kWindow + 0x104000), 2) << "the other stays";
    put(one_, 0x10, kWindow + 0x100000);
    EXPECT_EQ(at(kWindow + 0x100000), 1) << "and it comes back";
  }
}

TEST_F(PciFunctionTest, BarsOnEachOtherLeaveTheFirst) {
  decode(one_, true);
  decode(other_, true);
  put(other_, 0x10, kWindow + 0x101000);
  EXPECT_EQ(at(kWindow + 0x101000), 1);
  EXPECT_EQ(at(kWindow + 0x200000), 0xff);
  put(one_, 0x14, kWindow + 0x100000);  // Two of the same function
  EXPECT_EQ(at(kWindow + 0x100000), 1);
  EXPECT_EQ(at(kWindow + 0x104000), 0xff);
}

TEST_F(PciFunctionTest, ABarThatWasRefusedComesOnceItsPlaceIsFreeAndItIsWrittenAgain) {
  decode(one_, true);
  decode(other_, true);
  put(other_, 0x10, kWindow + 0x101000);
  decode(one_, false);
  put(other_, 0x10, kWindow + 0x101000);
  EXPECT_EQ(at(kWindow + 0x101000), 3);
}

TEST_F(PciFunctionTest, ExchangedBarsBothAnswer) {
  decode(one_, true);
  put(one_, 0x14, kWindow + 0x110000);
  ByteArray<8> both{};
  put_le<std::uint32_t>(both, 0, kWindow + 0x110000);
  put_le<std::uint32_t>(both, 4, kWindow + 0x100000);
  one_.write(0x10, both);
  EXPECT_EQ(at(kWindow + 0x110000), 1);
  EXPECT_EQ(at(kWindow + 0x100000), 2);
}

TEST_F(PciFunctionTest, AFunctionThatGoesAnswersNoMore) {
  {
    PciFunction gone("gone", kIdentity, memory_, GuestAddress(kWindow));
    gone.add_bar({0, 0x1000, &third_, {}});
    decode(gone, true);
    EXPECT_EQ(at(kWindow), 3);
  }
  EXPECT_EQ(at(kWindow), 0xff);
}

TEST_F(PciFunctionTest, CapabilitiesAreAList) {
  EXPECT_EQ(get(one_, 0x34) & 0xff, 0U);
  const ByteArray<3> body{0xaa, 0xbb, 0xcc};
  const ByteArray<2> writable{0x00, 0xff};
  const std::uint8_t first = one_.add_capability(0x09, body, writable, nullptr);
  const std::uint8_t second = one_.add_capability(0x11, body, {}, nullptr);
  EXPECT_EQ(get(one_, 0x34) & 0xff, first);
  EXPECT_EQ(get(one_, 0x06) & 0x10, 0x10U) << "the status says that there is one";
  EXPECT_EQ(get(one_, first), 0xbbaa0009U | std::uint32_t{second} << 8);
  EXPECT_EQ(get(one_, second), 0xbbaa0011U);
  put(one_, first + 2U, 0x1122, 2);
  EXPECT_EQ(get(one_, first) >> 16, 0x11aaU) << "as far as it can be written";
}

TEST_F(PciFunctionTest, ThereIsNoRoomForMoreCapabilitiesThanFit) {
  const Bytes body(60);
  EXPECT_NO_THROW(one_.add_capability(9, body, {}, nullptr));
  EXPECT_NO_THROW(one_.add_capability(9, body, {}, nullptr));
  EXPECT_NO_THROW(one_.add_capability(9, body, {}, nullptr));
  EXPECT_THROW(one_.add_capability(9, body, {}, nullptr), Error);
}

}  // namespace
}  // namespace virtsev::vmm::test
