// SPDX-License-Identifier: LGPL-2.1-or-later
// The registers that a driver sets a device up by, as virtio 1.2, 4.1.4.3, wants them.
#include "driver/vmm/virtio/common_configuration.hpp"

#include <random>

#include <gtest/gtest.h>

#include "driver/vmm/virtio/virtio_numbers.hpp"

namespace virtsev::vmm::test {
namespace {

using namespace virtio;

constexpr std::uint64_t kOwnFeature = 1ULL << 5;
constexpr std::uint64_t kOffered = kTransportFeatures | kOwnFeature;

class CommonConfigurationTest : public testing::Test {
 protected:
  std::uint64_t get(std::uint32_t offset, std::size_t size) {
    ByteArray<8> data{};
    registers_.read(offset, MutableBytes(data).first(size), 7);
    return get_le<std::uint64_t>(data, 0);
  }
  std::optional<std::uint8_t> put(std::uint32_t offset, std::uint64_t value, std::size_t size) {
    ByteArray<8> data{};
    put_le<std::uint64_t>(data, 0, value);
    return registers_.write(offset, ByteView(data).first(size));
  }
  void take_features(std::uint64_t features) {
    for (std::uint32_t half = 0; half < 2; ++half) {
      put(8, half, 4);
      put(12, features >> 32 * half & 0xffffffff, 4);
    }
  }
  void negotiate() {
    registers_.set_status(kAcknowledge | kDriver);
    take_features(kRequiredFeatures);
    registers_.set_status(kAcknowledge | kDriver | kFeaturesOk);
    ASSERT_TRUE(registers_.status() & kFeaturesOk);
  }

  CommonConfiguration registers_{kOffered, {8, 16}, 3};
};

TEST_F(CommonConfigurationTest, OffersAllFeaturesInTwoHalves) {
  put(0, 0, 4);
  EXPECT_EQ(get(4, 4), kOffered & 0xffffffff);
  put(0, 1, 4);
  EXPECT_EQ(get(4, 4), kOffered >> 32);
  put(0, 2, 4);
  EXPECT_EQ(get(4, 4), 0U);
  EXPECT_EQ(get(18, 2), 2U) << "queues";
  EXPECT_EQ(get(21, 1), 7U) << "generation";
}

TEST_F(CommonConfigurationTest, ADriverThatTakesWhatIsNeededIsAccepted) {
  negotiate();
  EXPECT_EQ(registers_.driver_features(), kRequiredFeatures);
}

TEST_F(CommonConfigurationTest, ADriverThatDoesNotTakeWhatIsNeededIsRefused) {  // 2.2.2, 6.1
  for (const std::uint64_t features : {std::uint64_t{0}, kVersion1, kAccessPlatform, kOwnFeature}) {
    registers_.reset();
    take_features(features);
    registers_.set_status(kAcknowledge | kDriver | kFeaturesOk);
    EXPECT_EQ(registers_.status(), kAcknowledge | kDriver) << features;
  }
}

TEST_F(CommonConfigurationTest, ADriverThatTakesWhatIsNotOfferedIsRefused) {
  take_features(kRequiredFeatures | 1ULL << 40);
  registers_.set_status(kAcknowledge | kDriver | kFeaturesOk);
  EXPECT_EQ(registers_.status(), kAcknowledge | kDriver);
}

TEST_F(CommonConfigurationTest, FeaturesAreFixedOnceBothAgree) {
  negotiate();
  take_features(kOffered);
  EXPECT_EQ(registers_.driver_features(), kRequiredFeatures);
}

TEST_F(CommonConfigurationTest, TheDeviceStartsOnceAtDriverOk) {
  negotiate();
  EXPECT_TRUE(registers_.set_status(kAcknowledge | kDriver | kFeaturesOk | kDriverOk));
  EXPECT_FALSE(registers_.set_status(kAcknowledge | kDriver | kFeaturesOk | kDriverOk));
}

TEST_F(CommonConfigurationTest, AStatusInTheWrongOrderStartsNothing) {  // 3.1.1
  EXPECT_FALSE(registers_.set_status(kDriverOk));
  EXPECT_FALSE(registers_.set_status(0xff));
  EXPECT_EQ(registers_.status() & (kDriverOk | kFeaturesOk | kNeedsReset), 0);
  registers_.reset();
  take_features(kRequiredFeatures);
  EXPECT_FALSE(registers_.set_status(kFailed));
  EXPECT_FALSE(registers_.set_status(kFeaturesOk | kDriverOk)) << "a driver that gave up";
}

TEST_F(CommonConfigurationTest, NoBitOfTheStatusIsTakenBack) {  // 2.1.1
  negotiate();
  registers_.set_status(kAcknowledge);
  EXPECT_EQ(registers_.status(), kAcknowledge | kDriver | kFeaturesOk);
}

TEST_F(CommonConfigurationTest, OnlyADeviceThatRanTellsThatItNeedsAReset) {  // 2.1.2
  EXPECT_FALSE(registers_.set_needs_reset());
  registers_.reset();
  negotiate();
  registers_.set_status(kDriverOk);
  EXPECT_TRUE(registers_.set_needs_reset());
  EXPECT_TRUE(registers_.status() & kNeedsReset);
  registers_.reset();
  EXPECT_EQ(registers_.status(), 0);
}

TEST_F(CommonConfigurationTest, AQueueIsSetUpByItsNumber) {
  negotiate();
  put(22, 1, 2);
  EXPECT_EQ(get(24, 2), 16U);
  put(24, 4, 2);
  put(26, 2, 2);
  put(32, 0x11112000, 4);
  put(36, 1, 4);
  put(40, 0x22223000, 8);
  put(48, 0x33334000, 8);
  put(28, 1, 2);
  const std::vector<QueueSetup> queues = registers_.queues();
  EXPECT_FALSE(queues[0].enabled);
  EXPECT_TRUE(queues[1].enabled);
  EXPECT_EQ(queues[1].size, 4);
  EXPECT_EQ(queues[1].descriptors, GuestAddress(0x111112000));
  EXPECT_EQ(queues[1].driver, GuestAddress(0x22223000));
  EXPECT_EQ(queues[1].device, GuestAddress(0x33334000));
  EXPECT_EQ(registers_.queue_vector(1), 2);
  EXPECT_EQ(get(30, 2), 1U) << "notify offset";
  EXPECT_EQ(get(32, 8), 0x111112000U);
}

TEST_F(CommonConfigurationTest, AQueueThatIsNotThereHasNoSizeAndKeepsNothing) {
  negotiate();
  for (const std::uint64_t queue : {2, 0xffff}) {
    put(22, queue, 2);
    put(28, 1, 2);
    put(24, 8, 2);
    put(32, ~0ULL, 8);
    EXPECT_EQ(get(24, 2), 0U);
    EXPECT_EQ(get(28, 2), 0U);
    EXPECT_EQ(get(32, 8), 0U);
  }
}

TEST_F(CommonConfigurationTest, ASizeThatIsNotPossibleIsIgnored) {
  for (const std::uint64_t size : {0, 3, 16, 0x8000, 0xffff}) {
    put(24, size, 2);
    EXPECT_EQ(get(24, 2), 8U) << size;
  }
}

TEST_F(CommonConfigurationTest, RingsStayWhereTheyAreWhileTheyAreInUse) {
  negotiate();
  put(32, 0x1000, 8);
  put(28, 1, 2);
  put(32, 0x2000, 8);
  put(24, 4, 2);
  put(28, 0, 2);
  EXPECT_EQ(get(32, 8), 0x1000U);
  EXPECT_EQ(get(24, 2), 8U);
  EXPECT_EQ(get(28, 2), 1U);
}

TEST_F(CommonConfigurationTest, AQueueIsEnabledBetweenAgreementAndStart) {
  put(28, 1, 2);
  EXPECT_EQ(get(28, 2), 0U) << "before";
  negotiate();
  put(28, 2, 2);
  EXPECT_EQ(get(28, 2), 0U) << "not a value";
  registers_.set_status(kDriverOk);
  put(28, 1, 2);
  EXPECT_EQ(get(28, 2), 0U) << "after";
}

TEST_F(CommonConfigurationTest, AVectorThatIsNotThereReadsAsNone) {  // 4.1.5.1.2.1
  put(16, 2, 2);
  EXPECT_EQ(get(16, 2), 2U);
  for (const std::uint64_t vector : {3, 0xfffe, 0xffff}) {
    put(16, vector, 2);
    put(26, vector, 2);
    EXPECT_EQ(get(16, 2), kNoVector);
    EXPECT_EQ(get(26, 2), kNoVector);
  }
}

TEST_F(CommonConfigurationTest, OnlyTheStatusIsGivenToTheTransport) {
  EXPECT_EQ(put(20, 0x0f, 1), 0x0f);
  for (std::uint32_t offset = 0; offset < CommonConfiguration::kSize; ++offset) {
    if (offset != 20) {
      EXPECT_EQ(put(offset, 0, 1), std::nullopt) << offset;
    }
  }
  EXPECT_EQ(put(20, 0x0f, 2), std::nullopt) << "of another width";
}

TEST_F(CommonConfigurationTest, AStormOfAllWidthsAndOffsetsKeepsToTheRules) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    const std::size_t size = std::size_t{1} << random() % 4;
    const auto offset = static_cast<std::uint32_t>(random() % (CommonConfiguration::kSize - size + 1));
    const std::uint64_t value = random() % 4 == 0 ? ~0ULL : random() % 64;
    if (const auto status = put(offset, value, size)) {
      *status == 0 ? registers_.reset() : (void)registers_.set_status(*status);
    }
    (void)get(offset, size);
    for (const QueueSetup& queue : registers_.queues()) {
      ASSERT_TRUE(queue.size == 1 || queue.size == 2 || queue.size == 4 || queue.size == 8 ||
                  queue.size == 16);
      ASSERT_TRUE(!queue.enabled || (registers_.status() & kFeaturesOk) != 0);
    }
    ASSERT_TRUE((registers_.status() & kDriverOk) == 0 || (registers_.status() & kFeaturesOk) != 0);
    ASSERT_TRUE((registers_.status() & kFeaturesOk) == 0 ||
                (registers_.driver_features() & kRequiredFeatures) == kRequiredFeatures);
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
