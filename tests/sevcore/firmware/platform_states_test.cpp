// SPDX-License-Identifier: LGPL-2.1-or-later
// Every command on the platform, in every state of it, with and without an owner.
#include "sevcore/certificates/make_certificates.hpp"
#include "tests/sevcore/firmware/firmware_fixture.hpp"
#include "tests/sevcore/firmware/state_tables.hpp"

namespace virtsev::sevcore {
namespace {

using namespace states;

constexpr std::array kStates = {PlatformState::kUninitialized, PlatformState::kInitialized,
                                PlatformState::kWorking};
constexpr std::array kStateNames = {"UNINIT", "INIT", "WORKING"};

class PlatformStatesTest : public FirmwareTest {
 protected:
  void bring_to(PlatformState state, bool owned) {
    run(MailboxCommand::kShutdown);
    PlatformIdentity identity = shared_identity();
    request_ = pek_request(identity);
    if (owned) {
      SevCertificate pek = request_;
      sign(pek, 0, KeyUsage::kOca, owner_);
      take_owner(identity, pek, oca_);
    }
    core_.replace_identity(std::move(identity));
    if (state != PlatformState::kUninitialized) {
      initialize();
    }
    if (state == PlatformState::kWorking) {
      std::uint32_t handle = 0;
      ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
    }
    expect(state, owned);
  }
  void expect(PlatformState state, bool owned) {
    const PlatformStatusBuffer status = platform_status();
    EXPECT_EQ(static_cast<PlatformState>(status.state), state);
    EXPECT_EQ((status.flags & kPlatformOwned) != 0, owned);
  }

  FirmwareStatus give(MailboxCommand command) {
    switch (command) {
      case MailboxCommand::kInit: {
        InitBuffer buffer;
        return run(command, buffer);
      }
      case MailboxCommand::kPlatformStatus: {
        PlatformStatusBuffer buffer;
        return run(command, buffer);
      }
      case MailboxCommand::kPekCsr:
      case MailboxCommand::kGetId: {
        OutputBuffer buffer{address_of(page_), kCertificateSize};
        return run(command, buffer);
      }
      case MailboxCommand::kPdhCertExport: {
        Bytes chain(kCertificateChainSize);
        PdhCertExportBuffer buffer{address_of(page_), kCertificateSize, 0, address_of(chain),
                                   kCertificateChainSize};
        return run(command, buffer);
      }
      case MailboxCommand::kPekCertImport:
        return import();
      default:
        return run(command);
    }
  }
  FirmwareStatus import() {
    SevCertificate signed_request = request_;
    sign(signed_request, 0, KeyUsage::kOca, owner_);
    const auto pek = serialise(signed_request);
    const auto oca = serialise(oca_);
    PekCertImportBuffer buffer;
    buffer.pek_address = address_of(pek);
    buffer.pek_length = kCertificateSize;
    buffer.oca_address = address_of(oca);
    buffer.oca_length = kCertificateSize;
    return run(MailboxCommand::kPekCertImport, buffer);
  }

  crypto::EcKey owner_ = crypto::EcKey::generate();
  SevCertificate oca_ = make_oca(owner_);
  SevCertificate request_;
};

TEST_F(PlatformStatesTest, EveryCommandAnswersAndLeadsOnInEveryStateAsTheTableSays) {
  for (const PlatformRow& row : kPlatformTable) {
    for (std::size_t column = 0; column < kStates.size(); ++column) {
      for (const bool owned : {false, true}) {
        SCOPED_TRACE(testing::Message() << "command " << static_cast<unsigned>(row.command) << ", "
                                        << kStateNames[column] << (owned ? ", owned" : ", self-owned"));
        bring_to(kStates[column], owned);
        const FirmwareStatus expected = owned ? row.owned[column] : row.self_owned[column];
        ASSERT_EQ(give(row.command), expected);
        const bool done = expected == kSuccess;
        expect(done ? row.next.value_or(kStates[column]) : kStates[column],
               done ? row.owned_afterwards.value_or(owned) : owned);
      }
    }
  }
}

}  // namespace
}  // namespace virtsev::sevcore
