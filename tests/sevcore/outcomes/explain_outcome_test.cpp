// SPDX-License-Identifier: LGPL-2.1-or-later
// Every answer of the kernel and of the firmware has words: a cause and a next step.
#include "sevcore/outcomes/explain_outcome.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/outcomes/outcome_table.hpp"

namespace virtsev::sevcore {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Outcome firmware(FirmwareStatus status) { return {EIO, static_cast<std::uint32_t>(status)}; }

TEST(ExplainOutcome, HasCauseNextStepAndNameForEveryStatusOfTheFirmware) {
  const std::string unknown = explain_status("LAUNCH_START", static_cast<FirmwareStatus>(0x1234)).cause;
  std::set<std::string_view> names;
  for (const FirmwareStatus status : kAllFirmwareStatuses) {
    const Explanation explanation = explain_status("LAUNCH_START", status);
    EXPECT_FALSE(explanation.cause.empty()) << name_of(status);
    EXPECT_FALSE(explanation.next_step.empty()) << name_of(status);
    EXPECT_NE(explanation.cause, unknown) << name_of(status);
    EXPECT_NE(name_of(status), "?");
    names.insert(name_of(status));
  }
  EXPECT_EQ(names.size(), kAllFirmwareStatuses.size());
}

TEST(ExplainOutcome, ListsEveryStatusThatHasAName) {
  for (std::uint32_t code = 0; code < 0x100; ++code) {
    const auto status = static_cast<FirmwareStatus>(code);
    const bool listed = std::find(kAllFirmwareStatuses.begin(), kAllFirmwareStatuses.end(), status) !=
                        kAllFirmwareStatuses.end();
    EXPECT_EQ(listed, name_of(status) != "?") << code;
  }
}

TEST(ExplainOutcome, HasCauseAndNextStepForEveryErrnoOfEveryKindOfCall) {
  for (const KernelCall call : kAllKernelCalls) {
    for (const int error : kKernelErrors) {
      const Explanation explanation = explain_errno(call, error);
      EXPECT_FALSE(explanation.cause.empty()) << error;
      EXPECT_FALSE(explanation.next_step.empty()) << error;
      EXPECT_THAT(explanation.cause, Not(StartsWith("the kernel failed"))) << "no text of its own: " << error;
    }
  }
}

TEST(ExplainOutcome, StillSaysSomethingOfAnErrnoThatNobodyForesaw) {
  EXPECT_THAT(explain(GuestCommand::kLaunchStart, {EXDEV, kNoFirmwareCall}),
              HasSubstr("Invalid cross-device link"));
}

TEST(ExplainOutcome, NamesCommandCauseNextStepAndBothAnswers) {
  const std::string text = explain(GuestCommand::kLaunchStart, firmware(FirmwareStatus::kBadMeasurement));
  EXPECT_THAT(text, StartsWith("LAUNCH_START failed: the session does not fit"));
  EXPECT_THAT(text, HasSubstr("virtsev session"));
  EXPECT_THAT(text, HasSubstr("EIO"));
  EXPECT_THAT(text, HasSubstr("BAD_MEASUREMENT"));
}

TEST(ExplainOutcome, TellsTheSameStatusApartByItsCommand) {
  EXPECT_THAT(explain(GuestCommand::kLaunchSecret, firmware(FirmwareStatus::kBadMeasurement)),
              HasSubstr("the secret's authentication code"));
  EXPECT_THAT(explain(GuestCommand::kLaunchStart, firmware(FirmwareStatus::kPolicyFailure)),
              HasSubstr("API version"));
  EXPECT_THAT(explain(GuestCommand::kDebugDecrypt, firmware(FirmwareStatus::kPolicyFailure)),
              HasSubstr("NODBG"));
}

TEST(ExplainOutcome, SpeaksOfTheTargetAndThePacketInAMigration) {
  EXPECT_THAT(explain(GuestCommand::kSendStart, firmware(FirmwareStatus::kPolicyFailure)),
              HasSubstr("DOMAIN"));
  EXPECT_THAT(explain(GuestCommand::kSendStart, firmware(FirmwareStatus::kInvalidCertificate)),
              HasSubstr("target"));
  EXPECT_THAT(explain(GuestCommand::kReceiveStart, firmware(FirmwareStatus::kBadMeasurement)),
              HasSubstr("sender"));
  EXPECT_THAT(explain(GuestCommand::kReceiveUpdateData, firmware(FirmwareStatus::kBadMeasurement)),
              HasSubstr("packet"));
  EXPECT_THAT(explain(PlatformCommand::kPekCertImport, firmware(FirmwareStatus::kInvalidCertificate)),
              HasSubstr("PEK_CSR"));
}

TEST(ExplainOutcome, TellsTheSameErrnoApartByTheKindOfCall) {
  EXPECT_THAT(explain(GuestCommand::kInit, {EBUSY, kNoFirmwareCall}), HasSubstr("no ASID is free"));
  EXPECT_THAT(explain(PlatformCommand::kFactoryReset, {EBUSY, kNoFirmwareCall}),
              HasSubstr("guests are running"));
  EXPECT_THAT(registration_error({ENOMEM, kNoFirmwareCall}).what(), HasSubstr("RLIMIT_MEMLOCK"));
}

TEST(ExplainOutcome, SaysWhatEndsSevEsOnFirmwareOfToday) {
  const std::string text = explain(GuestCommand::kLaunchStart, firmware(FirmwareStatus::kUnsupported));
  EXPECT_THAT(text, HasSubstr("no SEV-ES guests while SEV-SNP is initialised"));
  EXPECT_THAT(text, HasSubstr("sev=nosnp"));
  EXPECT_THAT(text, HasSubstr("UNSUPPORTED (0x15)"));
  for (const GuestCommand command : {GuestCommand::kLaunchStart, GuestCommand::kLaunchSecret}) {
    EXPECT_THAT(explain(command, firmware(FirmwareStatus::kUnsupported)), Not(HasSubstr("update")));
  }
  EXPECT_THAT(explain(PlatformCommand::kGetId, firmware(FirmwareStatus::kUnsupported)),
              Not(HasSubstr("SEV-ES")));
}

TEST(ExplainOutcome, SaysThatTheMemoryOfACommandCanNotBeLocked) {
  const Error error = sev_error(GuestCommand::kLaunchUpdateData, {ENOMEM, kNoFirmwareCall});
  EXPECT_THAT(error.what(), HasSubstr("RLIMIT_MEMLOCK"));
  EXPECT_THAT(error.what(), HasSubstr("and 2 MiB"));
  EXPECT_THAT(explain(PlatformCommand::kGetId2, {ENOMEM, kNoFirmwareCall}), Not(HasSubstr("RLIMIT_MEMLOCK")));
}

TEST(ExplainOutcome, GivesTheErrorANumberThatFits) {
  EXPECT_EQ(sev_error(GuestCommand::kInit, {EBUSY, kNoFirmwareCall}).code(), ErrorCode::kResourceBusy);
  EXPECT_EQ(sev_error(GuestCommand::kLaunchSecret, firmware(FirmwareStatus::kInvalidGuestState)).code(),
            ErrorCode::kOperationInvalid);
  EXPECT_EQ(sev_error(PlatformCommand::kPekGen, {EPERM, kNoFirmwareCall}).code(), ErrorCode::kAccessDenied);
  EXPECT_EQ(registration_error({ENOMEM, kNoFirmwareCall}).code(), ErrorCode::kSystemError);
}

TEST(ExplainOutcome, ADeadSecurityProcessorWinsOverAStatusOfAnEarlierCommand) {
  for (const int error : {ETIMEDOUT, EBUSY, ENODEV}) {
    const std::string text = explain(GuestCommand::kLaunchStart,
                                     {error, static_cast<std::uint32_t>(FirmwareStatus::kInvalidLength)});
    EXPECT_THAT(text, HasSubstr("security processor")) << error;
    EXPECT_THAT(text, Not(HasSubstr("INVALID_LEN"))) << error;
  }
}

TEST(ExplainOutcome, NamesTheKernelsOwnNumberForWhatIsNotSupported) {
  const std::string text = explain(PlatformCommand::kGetId2, {524, kNoFirmwareCall});
  EXPECT_THAT(text, HasSubstr("ENOTSUPP"));
  EXPECT_THAT(text, Not(HasSubstr("524")));
  EXPECT_THAT(text, HasSubstr("does not support this command"));
}

TEST(ExplainOutcome, SpeaksOfLaunchesToThoseWhoLaunchAlone) {
  EXPECT_THAT(explain(GuestCommand::kLaunchSecret, firmware(FirmwareStatus::kInvalidGuestState)),
              HasSubstr("before the first resume"));
  EXPECT_THAT(explain(GuestCommand::kSendStart, firmware(FirmwareStatus::kInvalidGuestState)),
              HasSubstr("SEND_FINISH"));
  EXPECT_THAT(explain(GuestCommand::kReceiveUpdateData, firmware(FirmwareStatus::kInvalidGuestState)),
              HasSubstr("RECEIVE_FINISH"));
  EXPECT_THAT(explain(GuestCommand::kDebugDecrypt, firmware(FirmwareStatus::kInvalidGuestState)),
              HasSubstr("must have been launched"));
  EXPECT_THAT(explain(GuestCommand::kSendStart, firmware(FirmwareStatus::kInvalidLength)), HasSubstr("6252"));
  EXPECT_THAT(explain(PlatformCommand::kPdhCertExport, firmware(FirmwareStatus::kInvalidLength)),
              Not(HasSubstr("secret")));
  EXPECT_THAT(explain(GuestCommand::kDebugEncrypt, firmware(FirmwareStatus::kInvalidLength)),
              HasSubstr("multiples of 16"));
  EXPECT_EQ(sev_error(PlatformCommand::kPekCsr, firmware(FirmwareStatus::kInvalidAddress)).code(),
            ErrorCode::kInternal);
  EXPECT_THAT(explain(GuestCommand::kLaunchStart, firmware(FirmwareStatus::kInvalidParameter)),
              HasSubstr("bits 6 to 15"));
  EXPECT_THAT(explain(GuestCommand::kLaunchSecret, firmware(FirmwareStatus::kInvalidParameter)),
              Not(HasSubstr("policy")));
}

TEST(ExplainOutcome, NamesThePoolThatIsExhaustedAndItsSize) {
  const Error busy = initialization_error(GuestCommand::kInit2, {EBUSY, kNoFirmwareCall}, {true, 99});
  EXPECT_EQ(busy.code(), ErrorCode::kResourceBusy);
  EXPECT_THAT(busy.what(), HasSubstr("99 SEV-ES guests"));
  const Error other = initialization_error(GuestCommand::kInit2, {EINVAL, kNoFirmwareCall}, {true, 99});
  EXPECT_THAT(other.what(), Not(HasSubstr("99")));
}

TEST(ExplainOutcome, NamesTheSettingOfASimulatedPoolAndNotTheBios) {
  const Outcome busy{EBUSY, kNoFirmwareCall};
  const std::string es = initialization_error(GuestCommand::kEsInit, busy, {true, 2, true}).what();
  EXPECT_THAT(es, HasSubstr("SEV-ES guests"));
  EXPECT_THAT(es, HasSubstr("(2)"));
  EXPECT_THAT(es, HasSubstr("simulated_es_asids"));
  EXPECT_THAT(es, Not(HasSubstr("BIOS")));
  EXPECT_THAT(initialization_error(GuestCommand::kInit, busy, {false, 2, true}).what(),
              HasSubstr("simulated_sev_asids"));
}

TEST(ExplainOutcome, NamesEveryCommand) {
  std::set<std::string_view> names;
  for (std::uint32_t id = 0; id <= static_cast<std::uint32_t>(GuestCommand::kInit2); ++id) {
    names.insert(name_of(static_cast<GuestCommand>(id)));
  }
  EXPECT_EQ(names.size(), 23U);
  EXPECT_EQ(names.count("?"), 0U);
  EXPECT_EQ(name_of(static_cast<GuestCommand>(99)), "?");
  for (std::uint32_t id = 0; id <= 8; ++id) {
    EXPECT_NE(name_of(static_cast<PlatformCommand>(id)), "?") << id;
  }
  for (std::uint32_t state = 0; state <= 6; ++state) {
    EXPECT_NE(name_of(static_cast<GuestState>(state)), "?") << state;
  }
}

}  // namespace
}  // namespace virtsev::sevcore
