// SPDX-License-Identifier: LGPL-2.1-or-later
// Single settings of a stored definition, changed by calls of their own; and what is taken and not started.
#include <fstream>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

constexpr const char* kUuid = "11111111-2222-3333-4444-555555555555";

class ChangedDefinition : public HypervisorTest {
 protected:
  template <typename T>
  std::optional<ErrorCode> code_of(asio::awaitable<T> call) {
    const auto error = error_of(std::move(call));
    return error ? std::optional(error->code()) : std::nullopt;
  }
};

TEST_F(ChangedDefinition, IsChangedSettingBySetting) {
  const DomainHandle domain = define();
  constexpr std::uint32_t kConfig = VIR_DOMAIN_AFFECT_CONFIG;
  events_.clear();
  wait(driver().set_vcpus(domain.uuid, 3, kConfig));
  wait(driver().set_memory(domain.uuid, 262'144, kConfig | VIR_DOMAIN_MEM_MAXIMUM));
  wait(driver().set_memory(domain.uuid, 200'000, kConfig));
  wait(driver().set_lifecycle_action(domain.uuid, VIR_DOMAIN_LIFECYCLE_CRASH,
                                     VIR_DOMAIN_LIFECYCLE_ACTION_PRESERVE, 0));
  EXPECT_EQ(events_, Events(4, "guest: defined 1"));
  restart();
  const std::string xml = driver().xml(domain.uuid, 0);
  for (const char* piece :
       {"<vcpu placement='static'>3</vcpu>", "<memory unit='KiB'>262144</memory>",
        "<currentMemory unit='KiB'>200000</currentMemory>", "<on_crash>preserve</on_crash>"}) {
    EXPECT_NE(xml.find(piece), std::string::npos) << piece;
  }
  EXPECT_NE(driver().messages(domain.uuid).back().find("taken and not used: <currentMemory>"),
            std::string::npos);
}

TEST_F(ChangedDefinition, IsNotChangedToWhatNoGuestCanBe) {
  const DomainHandle domain = define();
  const std::string before = driver().xml(domain.uuid, 0);
  constexpr std::uint32_t kConfig = VIR_DOMAIN_AFFECT_CONFIG;
  EXPECT_EQ(ErrorCode::kInvalidArgument, code_of(driver().set_vcpus(domain.uuid, 0, kConfig)));
  EXPECT_EQ(ErrorCode::kInvalidArgument, code_of(driver().set_vcpus(domain.uuid, 65, kConfig)));
  EXPECT_EQ(ErrorCode::kInvalidArgument, code_of(driver().set_memory(domain.uuid, 1, kConfig | 4)));
  EXPECT_EQ(ErrorCode::kInvalidArgument, code_of(driver().set_memory(domain.uuid, 1ULL << 50, kConfig)));
  EXPECT_EQ(ErrorCode::kInvalidArgument, code_of(driver().set_lifecycle_action(domain.uuid, 3, 0, kConfig)));
  EXPECT_EQ(ErrorCode::kInvalidArgument, code_of(driver().set_lifecycle_action(domain.uuid, 0, 6, kConfig)));
  EXPECT_EQ(ErrorCode::kConfigUnsupported,
            code_of(driver().set_lifecycle_action(domain.uuid, 0, 4, kConfig)));
  EXPECT_EQ(ErrorCode::kOperationInvalid,
            code_of(driver().set_vcpus(domain.uuid, 2, VIR_DOMAIN_AFFECT_LIVE)));
  EXPECT_EQ(before, driver().xml(domain.uuid, 0));
}

TEST_F(ChangedDefinition, OfARunningGuestIsChangedForItsNextStart) {
  const DomainHandle domain = start(define());
  EXPECT_EQ(ErrorCode::kNoSupport, code_of(driver().set_vcpus(domain.uuid, 3, 0)));
  EXPECT_EQ(ErrorCode::kNoSupport, code_of(driver().set_memory(domain.uuid, 131'072, 3)));
  EXPECT_EQ(ErrorCode::kNoSupport, code_of(driver().set_lifecycle_action(domain.uuid, 0, 0, 1)));
  wait(driver().set_vcpus(domain.uuid, 3, VIR_DOMAIN_AFFECT_CONFIG));
  EXPECT_EQ(driver().xml(domain.uuid, 0).find(">3</vcpu>"), std::string::npos);
  EXPECT_NE(driver().xml(domain.uuid, VIR_DOMAIN_XML_INACTIVE).find(">3</vcpu>"), std::string::npos);
}

TEST_F(ChangedDefinition, ThatAsksForACpuModelWithoutFailIsNotStarted) {
  std::string asks = xml({.uuid = kUuid});
  asks.insert(asks.find("<os>"), "<cpu mode='custom'><model fallback='forbid'>EPYC</model></cpu>");
  const DomainHandle domain = wait(driver().define(asks, 0));
  EXPECT_EQ(ErrorCode::kConfigUnsupported, code_of(driver().start(domain.uuid, 0, 1)));
  EXPECT_TRUE(driver().list_all(VIR_CONNECT_LIST_DOMAINS_ACTIVE).empty());
}

TEST_F(ChangedDefinition, ThatNamesALogHasItsConsoleLoggedThere) {
  const std::string file = path("console.log");
  const auto started_with = [&](const std::string& append) {
    std::ofstream(file) << "earlier";
    std::string logs = xml({.uuid = kUuid});
    logs.replace(logs.find("<serial type='pty'/>"), 20,
                 "<serial type='pty'><log file='" + file + "'" + append + "/></serial>");
    const DomainHandle domain = start(wait(driver().define(logs, 0)));
    EXPECT_NE(driver().xml(domain.uuid, 0).find("<log file='" + file + "'"), std::string::npos);
    wait(driver().destroy(domain.uuid, 0));
    return read_small(file);
  };
  EXPECT_EQ("earlier", started_with(" append='on'"));
  EXPECT_EQ("", started_with(" append='off'"));
  EXPECT_EQ("", started_with(""));
}

TEST_F(ChangedDefinition, ThatNamesALogWhichIsNoFileIsNotStarted) {
  std::string logs = xml({.uuid = kUuid});
  logs.replace(logs.find("<serial type='pty'/>"), 20,
               "<serial type='pty'><log file='" + path(".") + "'/></serial>");
  const DomainHandle domain = wait(driver().define(logs, 0));
  EXPECT_EQ(ErrorCode::kSystemError, code_of(driver().start(domain.uuid, 0, 1)));
}

}  // namespace
}  // namespace virtsev::daemon
