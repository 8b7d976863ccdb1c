// SPDX-License-Identifier: LGPL-2.1-or-later
// Guests that run while what virtsevd knows of them has gone bad: none is given up, started twice, or robbed
// of its user id.
#include <cstring>
#include <fstream>

#include <libvirt/libvirt.h>
#include <signal.h>
#include <unistd.h>

#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/monitor/process.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

class Adopt : public HypervisorTest {
 protected:
  std::string status_path(const DomainHandle& domain) const {
    return layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".status";
  }
  /// The daemon is away; its status file is changed meanwhile.
  template <typename Change>
  void change_status(const DomainHandle& domain, Change&& change) {
    stop();
    auto status = parse_status(read_small(status_path(domain)));
    ASSERT_TRUE(status);
    change(*status);
    std::ofstream(status_path(domain)) << format_status(*status);
    restart();
  }
  void expect_taken_over(const DomainHandle& domain, pid_t monitor) {
    EXPECT_EQ(domain.id, driver().lookup_by_uuid(domain.uuid).id);
    EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
    EXPECT_FALSE(driver().xml(domain.uuid, 0).empty());
    EXPECT_NE(std::string::npos, driver().messages(domain.uuid).front().find("can't be used any more"));
    const auto second = error_of(driver().start(domain.uuid, 0, 1));
    ASSERT_TRUE(second) << "started twice";
    EXPECT_EQ(ErrorCode::kOperationInvalid, second->code());
    EXPECT_EQ(monitor, monitor_of(domain));
    events_.clear();
    wait(driver().destroy(domain.uuid, 0));
    EXPECT_EQ(2U, events_.size());
    EXPECT_FALSE(find_process(monitor, start_time_of(monitor)).pidfd) << "its monitor is left over";
  }
};

TEST_F(Adopt, WhoseDefinitionTheRulesRefuseNow) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  change_status(
      domain, [](DomainStatus& status) { status.xml.replace(status.xml.find("<policy>") + 8, 6, "0xffff"); });
  EXPECT_NE(std::string::npos, driver().xml(domain.uuid, 0).find("0xffff")) << "shown as it is";
  EXPECT_EQ("sev-measurement", driver().launch_security_info(domain.uuid).front().field)
      << "its owner can still verify it";
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).front().find("policy"));
  EXPECT_EQ(65536U, wait(driver().info(domain.uuid)).memory_kib) << "what can be read counts";
  expect_taken_over(domain, monitor);
  EXPECT_NO_THROW(start(domain)) << "the stored definition is a good one";
}

TEST_F(Adopt, WhoseStoredDefinitionIsRefusedToo) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  change_status(domain, [this](DomainStatus& status) {
    status.xml.replace(status.xml.find("<policy>") + 8, 6, "0xffff");
    std::ofstream(layout_.definition("guest")) << status.xml;
  });
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).front().find("stored definition"));
  EXPECT_TRUE(driver().is_persistent(domain.uuid));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_FALSE(find_process(monitor, start_time_of(monitor)).pidfd);
  EXPECT_EQ("guest", driver().lookup_by_uuid(domain.uuid).name);
}

TEST_F(Adopt, WhoseXmlIsNone) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  change_status(domain, [](DomainStatus& status) { status.xml = "<domain type='kvm'><na"; });
  expect_taken_over(domain, monitor);
}

TEST_F(Adopt, TransientWhoseXmlIsNoneKeepsItsName) {
  const DomainHandle domain = wait(driver().create(xml(), 0, 1));
  const pid_t monitor = monitor_of(domain);
  change_status(domain, [](DomainStatus& status) { status.xml.clear(); });
  EXPECT_EQ(domain.id, driver().lookup_by_name("guest").id);
  expect_taken_over(domain, monitor);
  EXPECT_THROW(driver().lookup_by_uuid(domain.uuid), Error);
}

TEST_F(Adopt, WhoseXmlIsAnotherDomains) {
  const DomainHandle other = define({.name = "other"});
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  const std::string foreign = driver().xml(other.uuid, 0);
  change_status(domain, [&foreign](DomainStatus& status) { status.xml = foreign; });
  EXPECT_EQ(-1, driver().lookup_by_name("other").id);
  expect_taken_over(domain, monitor);
}

TEST_F(Adopt, IsNotLaunchedAnewFromADefinitionThatIsRefused) {
  const DomainHandle domain = start(define({.more = "<on_reboot>restart</on_reboot>"}));
  change_status(
      domain, [](DomainStatus& status) { status.xml.replace(status.xml.find("<policy>") + 8, 6, "0xffff"); });
  for (auto call : {&Driver::reboot, &Driver::reset}) {
    const auto error = error_of((driver().*call)(domain.uuid, 0));
    ASSERT_TRUE(error);
    EXPECT_EQ(ErrorCode::kConfigUnsupported, error->code());
  }
}

TEST_F(Adopt, EsGuestIsStillOneWhereItsXmlCannotBeRead) {
  const DomainHandle domain = start(define({.policy = "0x0005"}));
  change_status(domain, [](DomainStatus& status) { status.xml.clear(); });
  const auto error = error_of(driver().reboot(domain.uuid, 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
}

TEST_F(Adopt, BesideAStoredDomainThatHasItsNameByNow) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  stop();
  const std::string another = "11111111-2222-3333-4444-555555555555";
  std::ofstream(layout_.definition("guest")) << xml({.uuid = another});
  restart();
  EXPECT_EQ(another, domain_xml::format_uuid(driver().lookup_by_name("guest").uuid));
  EXPECT_EQ("guest." + domain_xml::format_uuid(domain.uuid), driver().lookup_by_id(domain.id).name);
  EXPECT_NE(std::string::npos,
            driver().xml(domain.uuid, 0).find("<name>guest." + domain_xml::format_uuid(domain.uuid)));
  EXPECT_FALSE(driver().is_persistent(domain.uuid));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_FALSE(find_process(monitor, start_time_of(monitor)).pidfd);
}

TEST_F(Adopt, WhoseStatusHasFieldsThatCannotBeRead) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  stop();
  std::string content = read_small(status_path(domain));
  for (const char* key : {"\nid ", "\nstate ", "\nmeasurement "}) {
    content.insert(content.find(key) + std::strlen(key), "x");
  }
  std::ofstream(status_path(domain)) << content;
  restart();
  EXPECT_GT(driver().lookup_by_name("guest").id, 0);
  wait_until([&] { return !status_of(domain).launch.measurement.empty(); });
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state) << "the monitor was asked";
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_FALSE(find_process(monitor, start_time_of(monitor)).pidfd);
}

TEST_F(Adopt, SecondStartBesideAMonitorThatNobodyKnowsIsRefused) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  const std::uint64_t started = start_time_of(monitor);
  stop();
  const std::string before = "virtsevd-status 1\npid x\n\n";
  std::ofstream(status_path(domain)) << before;
  restart();
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kResourceBusy, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find(".sock")) << error->what();
  EXPECT_TRUE(find_process(monitor, started).pidfd) << "the guest must not suffer for it";
  EXPECT_TRUE(std::filesystem::exists(layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".sock"));
  const Process process = find_process(monitor, started);
  kill_process(process);
  wait_until([&] { return !error_of(driver().start(domain.uuid, 0, 1)); });
}

TEST_F(Adopt, UserIdOfAMonitorThatNobodyKnowsIsNotGivenAgain) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "not root: monitors have this user's id";
  }
  configuration_.vmm_uid_first = 2100016000;  // Of no other process of this host
  configuration_.vmm_uid_last = configuration_.vmm_uid_first + 63;
  restart();
  const DomainHandle domain = start(define());
  const Process monitor = find_process(monitor_of(domain), status_of(domain).start_time);
  const std::uint32_t uid = status_of(domain).uid;
  stop();
  std::ofstream(status_path(domain)) << "virtsevd-status 1\npid x\n\n";
  restart();
  const DomainHandle other = start(define({.name = "other"}));
  EXPECT_NE(uid, status_of(other).uid);
  kill_process(monitor);
}

TEST_F(Adopt, WriteOfAStatusThatWasCutOffLeavesNothing) {
  const std::string left_over = layout_.state + "/.11111111-2222-3333-4444-555555555555.status.AbCdEf";
  std::ofstream(left_over) << "half a sta";
  restart();
  EXPECT_FALSE(std::filesystem::exists(left_over));
}

}  // namespace
}  // namespace virtsev::daemon
