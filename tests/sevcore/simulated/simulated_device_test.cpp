// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulated /dev/sev.
#include "sevcore/certificates/make_certificates.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/kernel/snp_platform.hpp"
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

class SimulatedDeviceTest : public SimulatedKernelTest {
 protected:
  PlatformStatusArguments status() {
    PlatformStatusArguments arguments;
    EXPECT_EQ(device_->issue(PlatformCommand::kPlatformStatus, &arguments), kOk);
    return arguments;
  }
  PlatformState state() { return static_cast<PlatformState>(status().state); }

  std::unique_ptr<SevDevice> device_ = platform_->open_device();
};

TEST_F(SimulatedDeviceTest, TellsWhatThePlatformIs) {
  const PlatformInformation information = read_platform(*device_);
  EXPECT_EQ(information.api_major, 1);
  EXPECT_EQ(information.api_minor, 55);
  EXPECT_EQ(information.build, 24);
  EXPECT_EQ(information.state, PlatformState::kInitialized);
  EXPECT_TRUE(information.es_enabled);
  EXPECT_FALSE(information.externally_owned);
  EXPECT_EQ(information.chip_id.size(), 64U);
  const auto certificates = parse_platform_certificates(information.pdh, information.chain);
  ASSERT_TRUE(certificates.has_value());
  EXPECT_EQ(verify_chain(*certificates).value().root, ChainRoot::kSimulated);
}

TEST_F(SimulatedDeviceTest, HasNoSnpUnlessItIsToldTo) {
  SnpPlatformStatusArguments snp;
  EXPECT_EQ(device_->issue(PlatformCommand::kSnpPlatformStatus, &snp), kernel(EINVAL));
  EXPECT_FALSE(read_snp_status(*device_));
}

TEST_F(SimulatedDeviceTest, BehavesLikeFirmwareOfTodayBesideSnpWhereItIsToldTo) {
  device_.reset();
  platform_.reset();
  directory_.set({.es_asids = 4, .sev_asids = 4, .snp_initialized = 1});
  platform_ = directory_.platform();
  device_ = platform_->open_device();
  const auto snp = read_snp_status(*device_);
  ASSERT_TRUE(snp);
  EXPECT_TRUE(refuses_es(*snp, {0x19, 1}));
  const auto es = platform_->make_vm(KvmVmType::kDefault, {});
  EXPECT_EQ(es->operate(GuestCommand::kEsInit, nullptr), kOk);
  EXPECT_EQ(start(*es, kEsPolicy), firmware(FirmwareStatus::kUnsupported));
  const auto sev = platform_->make_vm(KvmVmType::kDefault, {});
  EXPECT_EQ(sev->operate(GuestCommand::kInit, nullptr), kOk);
  EXPECT_EQ(start(*sev, kSevPolicy), kOk);
}

TEST_F(SimulatedDeviceTest, FillsInLengthsWhereAnyFieldIsZero) {
  Bytes pdh(2084);
  Bytes chain(6252);
  for (int missing = 0; missing < 4; ++missing) {
    PdhCertExportArguments arguments;
    arguments.pdh_address = missing == 0 ? 0 : address_of(pdh);
    arguments.pdh_length = missing == 1 ? 0 : 2084;
    arguments.chain_address = missing == 2 ? 0 : address_of(chain);
    arguments.chain_length = missing == 3 ? 0 : 6252;
    EXPECT_EQ(device_->issue(PlatformCommand::kPdhCertExport, &arguments),
              firmware(FirmwareStatus::kInvalidLength));
    const std::uint32_t pdh_length = arguments.pdh_length;
    const std::uint32_t chain_length = arguments.chain_length;
    EXPECT_EQ(pdh_length, 2084U);
    EXPECT_EQ(chain_length, 6252U);
  }
}

TEST_F(SimulatedDeviceTest, FillsInLengthsWhereABufferIsTooShortToo) {
  Bytes pdh(2083);
  Bytes chain(6252);
  PdhCertExportArguments arguments{address_of(pdh), 2083, address_of(chain), 6252};
  EXPECT_EQ(device_->issue(PlatformCommand::kPdhCertExport, &arguments),
            firmware(FirmwareStatus::kInvalidLength));
  const std::uint32_t length = arguments.pdh_length;
  EXPECT_EQ(length, 2084U);
  arguments.chain_length = kMaxBlobSize + 1;
  EXPECT_EQ(device_->issue(PlatformCommand::kPdhCertExport, &arguments), kernel(EFAULT));

  Bytes id(63);
  GetId2Arguments get_id{address_of(id), 63};
  EXPECT_EQ(device_->issue(PlatformCommand::kGetId2, &get_id), firmware(FirmwareStatus::kInvalidLength));
  const std::uint32_t id_length = get_id.length;
  EXPECT_EQ(id_length, 64U);
}

TEST_F(SimulatedDeviceTest, GivesTheSameIdInBothWays) {
  GetIdArguments old_way;
  ASSERT_EQ(device_->issue(PlatformCommand::kGetId, &old_way), kOk);
  const Bytes id = read_platform(*device_).chip_id;
  EXPECT_TRUE(std::equal(id.begin(), id.end(), old_way.socket1));
}

TEST_F(SimulatedDeviceTest, RefusesNullAndUnknownCommands) {
  for (const auto command : {PlatformCommand::kPlatformStatus, PlatformCommand::kPdhCertExport,
                             PlatformCommand::kGetId, PlatformCommand::kGetId2}) {
    EXPECT_EQ(device_->issue(command, nullptr), kernel(EFAULT)) << static_cast<int>(command);
  }
  EXPECT_EQ(device_->issue(static_cast<PlatformCommand>(9), nullptr), kernel(EINVAL));
}

/// Others have so many guests.
class CountedElsewhere final : public AsidSource {
 public:
  std::optional<std::uint32_t> take(std::uint32_t first, std::uint32_t) override { return first; }
  void give_back(std::uint32_t) override {}
  [[nodiscard]] std::uint32_t count_elsewhere(std::uint32_t) const override { return count; }
  std::uint32_t count = 0;
};

TEST_F(SimulatedDeviceTest, CountsTheGuestsOfAllProcesses) {
  const auto asids = std::make_shared<CountedElsewhere>();
  directory_.share().asids = asids;
  const auto platform = directory_.platform();
  asids->count = 1;
  const auto ours = platform->make_vm(KvmVmType::kDefault, {});
  ASSERT_EQ(ours->operate(GuestCommand::kInit, nullptr), kOk);
  ASSERT_EQ(start(*ours, kSevPolicy), kOk);
  PlatformStatusArguments told;
  ASSERT_EQ(platform->open_device()->issue(PlatformCommand::kPlatformStatus, &told), kOk);
  const std::uint32_t count = told.guest_count;
  EXPECT_EQ(count, 2U);
  EXPECT_EQ(static_cast<PlatformState>(told.state), PlatformState::kWorking);
}

TEST_F(SimulatedDeviceTest, ResetsToFactorySettingsOnlyWithoutGuests) {
  const Bytes before = read_platform(*device_).pdh;
  {
    const auto vm = make_vm(KvmVmType::kDefault);
    ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
    ASSERT_EQ(start(*vm, kSevPolicy), kOk);
    EXPECT_EQ(device_->issue(PlatformCommand::kFactoryReset, nullptr), kernel(EBUSY));
  }
  EXPECT_EQ(device_->issue(PlatformCommand::kFactoryReset, nullptr), kOk);
  EXPECT_EQ(state(), PlatformState::kUninitialized);
  EXPECT_NE(read_platform(*device_).pdh, before);
  EXPECT_EQ(state(), PlatformState::kInitialized) << "the export made it ready again";
}

TEST_F(SimulatedDeviceTest, IsNotResetUnderAnotherProcesssGuest) {
  const auto asids = std::make_shared<CountedElsewhere>();
  directory_.share().asids = asids;
  const auto platform = directory_.platform();
  const auto device = platform->open_device();
  asids->count = 1;
  const Bytes before = read_platform(*device).pdh;
  EXPECT_EQ(device->issue(PlatformCommand::kFactoryReset, nullptr), kernel(EBUSY));
  EXPECT_EQ(read_platform(*device).pdh, before);
  asids->count = 0;
  EXPECT_EQ(device->issue(PlatformCommand::kFactoryReset, nullptr), kOk);
}

/// A guest starts while its turn is waited for.
class GuestThatComesBefore final : public FirmwareQueue {
 public:
  explicit GuestThatComesBefore(CountedElsewhere& asids) : asids_(asids) {}
  void enter(std::uint64_t) override { asids_.count = 1; }
  void leave() noexcept override {}

 private:
  CountedElsewhere& asids_;
};

TEST_F(SimulatedDeviceTest, IsNotResetUnderAGuestThatStartedWhileItWaitedForItsTurn) {
  const auto asids = std::make_shared<CountedElsewhere>();
  directory_.share().asids = asids;
  directory_.share().queue = std::make_shared<GuestThatComesBefore>(*asids);
  const auto platform = directory_.platform();
  EXPECT_EQ(platform->open_device()->issue(PlatformCommand::kFactoryReset, nullptr), kernel(EBUSY));
}

TEST_F(SimulatedDeviceTest, AnUninitializedPlatformIsMadeReadyByAWriterAlone) {
  const auto reader = platform_->open_device(DeviceAccess::kRead);
  ASSERT_EQ(device_->issue(PlatformCommand::kFactoryReset, nullptr), kOk);
  PdhCertExportArguments query;
  EXPECT_EQ(reader->issue(PlatformCommand::kPdhCertExport, &query), kernel(EPERM));
  EXPECT_EQ(state(), PlatformState::kUninitialized);
  EXPECT_EQ(device_->issue(PlatformCommand::kPdhCertExport, &query),
            firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(reader->issue(PlatformCommand::kPdhCertExport, &query), firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(reader->issue(PlatformCommand::kPdhGen, nullptr), kernel(EPERM));
}

TEST_F(SimulatedDeviceTest, ShowsNewKeysToEveryProcessAtOnce) {
  const auto elsewhere = directory_.platform();
  const auto other = elsewhere->open_device();
  const Bytes before = read_platform(*other).pdh;
  ASSERT_EQ(device_->issue(PlatformCommand::kPdhGen, nullptr), kOk);
  const Bytes after = read_platform(*other).pdh;
  EXPECT_NE(after, before);
  EXPECT_EQ(after, read_platform(*device_).pdh);
}

TEST_F(SimulatedDeviceTest, PassesToAnOwnerForEveryProcessAndBackByAFactoryReset) {
  const auto elsewhere = directory_.platform();
  const auto other = elsewhere->open_device();
  PekCsrArguments query;
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCsr, &query), firmware(FirmwareStatus::kInvalidLength));
  const std::uint32_t length = query.length;
  ASSERT_EQ(length, 2084U);
  ByteArray<2084> bytes{};
  PekCsrArguments request{address_of(bytes), length};
  ASSERT_EQ(device_->issue(PlatformCommand::kPekCsr, &request), kOk);

  const auto owner = crypto::EcKey::generate();
  SevCertificate pek = *parse_sev_certificate(bytes);
  sign(pek, 0, KeyUsage::kOca, owner);
  const auto pek_bytes = serialise(pek);
  const auto oca_bytes = serialise(make_oca(owner));
  PekCertImportArguments import{address_of(pek_bytes), 2084, address_of(oca_bytes), 2084};
  ASSERT_EQ(device_->issue(PlatformCommand::kPekCertImport, &import), kOk);
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCertImport, &import),
            firmware(FirmwareStatus::kAlreadyOwned));
  for (auto* device : {device_.get(), other.get()}) {
    const PlatformInformation information = read_platform(*device);
    EXPECT_TRUE(information.externally_owned);
    const auto certificates = parse_platform_certificates(information.pdh, information.chain);
    ASSERT_TRUE(certificates.has_value());
    EXPECT_TRUE(verify_chain(*certificates).has_value());
    EXPECT_EQ(serialise(certificates->oca), oca_bytes);
  }
  ASSERT_EQ(device_->issue(PlatformCommand::kFactoryReset, nullptr), kOk);
  EXPECT_FALSE(read_platform(*other).externally_owned);
}

TEST_F(SimulatedDeviceTest, RefusesBlobsThatLinuxRefuses) {
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCsr, nullptr), kernel(EFAULT));
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCertImport, nullptr), kernel(EFAULT));
  Bytes blob(kMaxBlobSize + 1);
  PekCsrArguments request{address_of(blob), kMaxBlobSize + 1};
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCsr, &request), kernel(EFAULT));
  PekCertImportArguments no_oca{address_of(blob), 2084, 0, 0};
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCertImport, &no_oca), kernel(EINVAL));
  PekCertImportArguments long_pek{address_of(blob), kMaxBlobSize + 1, address_of(blob), 2084};
  EXPECT_EQ(device_->issue(PlatformCommand::kPekCertImport, &long_pek), kernel(EINVAL));
}

TEST_F(SimulatedDeviceTest, ChangesNothingThroughADescriptorForReading) {
  const auto reader = directory_.platform(O_RDONLY);
  const auto device = reader->open_device();
  for (const auto command :
       {PlatformCommand::kFactoryReset, PlatformCommand::kPekGen, PlatformCommand::kPdhGen,
        PlatformCommand::kPekCsr, PlatformCommand::kPekCertImport}) {
    EXPECT_EQ(device->issue(command, nullptr), kernel(EPERM)) << static_cast<int>(command);
  }
  EXPECT_EQ(read_platform(*device).pdh, read_platform(*device_).pdh);
}

}  // namespace
}  // namespace virtsev::sevcore
