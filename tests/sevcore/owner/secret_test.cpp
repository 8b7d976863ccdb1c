// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/owner/secret.hpp"

#include <gtest/gtest.h>

#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/owner/secret_table.hpp"
#include "tests/sevcore/bytes_helpers.hpp"

namespace virtsev::sevcore {
namespace {

using test::counting_from;

const TransportKeys kKeys(counting_from<16>(0x60), counting_from<16>(0x40));
const Measurement kMeasurement{counting_from<32>(0), {}};

SecretPacket example() {
  const Bytes table = build_secret_table({{kLuksKeyGuid, {'s', 'e', 'c', 'r', 'e', 't'}}});
  return pack_secret(kKeys, kMeasurement, table, counting_from<16>(0));
}

Result<Bytes, SecretFault> open(const SecretPacket& packet) {
  return open_secret(kKeys, kMeasurement, packet.header, packet.data,
                     static_cast<std::uint32_t>(packet.data.size()));
}

TEST(Secret,
     IsPackedAsVirtQemuSevValidatePacksIt) {  // libvirt 9.0, with the same keys, IV, measure and pass phrase
  const SecretPacket packet = example();
  EXPECT_EQ(to_base64(packet.header),
            "AAAAAAABAgMEBQYHCAkKCwwNDg+X+D07bMseXSbJ8WiwQIkqyUdFO3phGO4bVHPm5vSvZQ==");
  EXPECT_EQ(to_base64(packet.data), "Yhg8bt16J+z5BUfepNkhuprwwi2KVy2BDFlU0+ZgCL5SsXv9Oa+HBmch0AOgK9Id");
}

TEST(Secret, ComesOutAsItWentIn) {
  const auto plain = open(example());
  ASSERT_TRUE(plain);
  const auto entries = parse_secret_table(*plain);
  ASSERT_TRUE(entries);
  EXPECT_EQ(*entries, (std::vector<SecretEntry>{{kLuksKeyGuid, {'s', 'e', 'c', 'r', 'e', 't'}}}));
}

TEST(Secret, HasAFreshIvEachTime) {
  EXPECT_NE(pack_secret(kKeys, kMeasurement, Bytes(16)).header,
            pack_secret(kKeys, kMeasurement, Bytes(16)).header);
}

TEST(Secret, IsRefusedWithAnyByteOfTheHeaderChanged) {
  const SecretPacket packet = example();
  for (std::size_t i = 0; i < packet.header.size(); ++i) {
    SecretPacket changed = packet;
    changed.header[i] ^= 1;
    EXPECT_EQ(open(changed).error(), SecretFault::kMac) << "byte " << i;
  }
}

TEST(Secret, IsRefusedWithAnyByteOfTheDataChanged) {
  const SecretPacket packet = example();
  for (std::size_t i = 0; i < packet.data.size(); ++i) {
    SecretPacket changed = packet;
    changed.data[i] ^= 1;
    EXPECT_EQ(open(changed).error(), SecretFault::kMac) << "byte " << i;
  }
}

TEST(Secret, IsRefusedForAnotherLaunch) {
  const SecretPacket packet = example();
  Measurement other = kMeasurement;
  other.measure[0] ^= 1;
  EXPECT_EQ(open_secret(kKeys, other, packet.header, packet.data, 48).error(), SecretFault::kMac);
}

TEST(Secret, IsRefusedUnderOtherKeys) {
  const SecretPacket packet = example();
  const TransportKeys other(kKeys.tek, kKeys.tek);
  EXPECT_EQ(open_secret(other, kMeasurement, packet.header, packet.data, 48).error(), SecretFault::kMac);
}

TEST(Secret, IsRefusedForAnotherLengthOfGuestMemory) {
  const SecretPacket packet = example();
  EXPECT_EQ(open_secret(kKeys, kMeasurement, packet.header, packet.data, 64).error(), SecretFault::kMac);
}

TEST(Secret, IsRefusedWithAHeaderOfAnotherLength) {
  const SecretPacket packet = example();
  EXPECT_EQ(open_secret(kKeys, kMeasurement, ByteView(packet.header).first(51), packet.data, 48).error(),
            SecretFault::kHeaderLength);
  EXPECT_EQ(open_secret(kKeys, kMeasurement, {}, {}, 0).error(), SecretFault::kHeaderLength);
}

TEST(Secret, IsRefusedWithFlagsEvenUnderAGoodMac) {
  // What an owner who compresses would send: no data, flags 1, and a MAC that fits.
  Bytes header(SecretPacket::kHeaderSize);
  header[0] = 1;
  Bytes covered(1 + 20 + 8 + 32);  // context, flags and IV, two lengths of 0, measure
  covered[0] = 0x01;
  std::copy_n(header.begin(), 20, covered.begin() + 1);
  std::copy_n(kMeasurement.measure.begin(), 32, covered.begin() + 29);
  const auto mac = crypto::hmac_sha256(kKeys.tik, covered);
  std::copy(mac.begin(), mac.end(), header.begin() + 20);
  EXPECT_EQ(open_secret(kKeys, kMeasurement, header, {}, 0).error(), SecretFault::kFlags);
}

TEST(Secret, CantBePackedAtLengthsThatFirmwareRefuses) {
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{15}, std::size_t{17}, SecretPacket::kMaxData + 16}) {
    EXPECT_THROW(pack_secret(kKeys, kMeasurement, Bytes(length)), Error) << length;
  }
  EXPECT_EQ(pack_secret(kKeys, kMeasurement, Bytes(SecretPacket::kMaxData)).data.size(),
            SecretPacket::kMaxData);
}

}  // namespace
}  // namespace virtsev::sevcore
