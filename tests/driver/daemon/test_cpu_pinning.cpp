// SPDX-License-Identifier: LGPL-2.1-or-later
// On which CPUs the threads of a monitor run. (The fake monitor's only thread is each of its vCPUs.)
#include <future>
#include <thread>

#include <libvirt/libvirt.h>
#include <sched.h>
#include <unistd.h>

#include "driver/daemon/host/online_cpus.hpp"
#include "driver/daemon/monitor/thread_placement.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::CpuSet;

constexpr std::uint32_t kLive = VIR_DOMAIN_AFFECT_LIVE;
constexpr std::uint32_t kConfig = VIR_DOMAIN_AFFECT_CONFIG;

CpuSet where(pid_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(thread, sizeof set, &set), 0);
  CpuSet cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

class CpuPinning : public HypervisorTest {
 protected:
  void SetUp() override {
    if (here_.size() < 2) {
      GTEST_SKIP() << "this machine has one CPU";
    }
  }
  DomainHandle define_with(const std::string& cputune) {
    std::string document = xml({});
    document.insert(document.find("<os>"), "<cputune>" + cputune + "</cputune>");
    return wait(driver().define(document, 0));
  }
  std::string set_of(std::uint32_t cpu) { return std::to_string(cpu); }

  const CpuSet here_ = where(0);
};

// The last of its vCPUs is placed last.
TEST_F(CpuPinning, IsDoneWhenAGuestStarts) {
  const DomainHandle domain = start(define_with("<vcpupin vcpu='1' cpuset='" + set_of(here_[1]) +
                                                "'/><emulatorpin cpuset='" + set_of(here_[0]) + "'/>"));
  EXPECT_EQ(where(monitor_of(domain)), CpuSet{here_[1]});
}

TEST_F(CpuPinning, OfTheRestOnlyLeavesTheVcpusWhereTheyMayRun) {
  const DomainHandle domain = start(define_with("<emulatorpin cpuset='" + set_of(here_[0]) + "'/>"));
  EXPECT_EQ(where(monitor_of(domain)), here_);
}

TEST_F(CpuPinning, OfARunningGuestChangesAndIsFoundAgain) {
  const DomainHandle domain = start(define());
  EXPECT_EQ(where(monitor_of(domain)), here_);
  wait(driver().pin_vcpu(domain.uuid, 0, {here_[1]}, kLive));
  EXPECT_EQ(where(monitor_of(domain)), CpuSet{here_[1]});
  restart();
  EXPECT_EQ(cpus_of_vcpu(driver().cpu_placement(domain.uuid, kLive), 0), CpuSet{here_[1]});
  EXPECT_EQ(cpus_of_vcpu(driver().cpu_placement(domain.uuid, kConfig), 0), CpuSet{});
  wait(driver().pin_vcpu(domain.uuid, 0, {here_[0]}, kConfig | kLive));
  EXPECT_EQ(cpus_of_vcpu(driver().cpu_placement(domain.uuid, kConfig), 0), CpuSet{here_[0]});
  EXPECT_EQ(where(monitor_of(domain)), CpuSet{here_[0]});
  wait(driver().pin_emulator(domain.uuid, {here_[1]}, kConfig | kLive));
  EXPECT_EQ(where(monitor_of(domain)), CpuSet{here_[0]}) << "its only thread is a vCPU";
  EXPECT_EQ(cpus_of_emulator(driver().cpu_placement(domain.uuid, kConfig)), CpuSet{here_[1]});
}

TEST_F(CpuPinning, OnNoCpuOrOfNoVcpuIsRefusedAndChangesNothing) {
  const DomainHandle domain = start(define());
  EXPECT_EQ(error_of(driver().pin_vcpu(domain.uuid, 0, {}, kLive))->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of(driver().pin_emulator(domain.uuid, {}, kConfig))->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of(driver().pin_vcpu(domain.uuid, 77, {0}, kLive))->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of(driver().pin_vcpu(domain.uuid, 77, {0}, kConfig))->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of(driver().pin_vcpu(domain.uuid, 0, {8191}, kLive | kConfig))->code(),
            ErrorCode::kConfigUnsupported);
  EXPECT_EQ(where(monitor_of(domain)), here_);
  EXPECT_EQ(driver().cpu_placement(domain.uuid, kLive), domain_xml::CpuPlacement{});
  EXPECT_EQ(driver().cpu_placement(domain.uuid, kConfig), domain_xml::CpuPlacement{});
}

TEST_F(CpuPinning, OnCpusThatTheHostDoesNotHaveKeepsAGuestFromItsStart) {
  const DomainHandle domain = define_with("<vcpupin vcpu='0' cpuset='8191'/>");
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kConfigUnsupported);
  EXPECT_NE(
      std::string(error->what()).find("<cputune><vcpupin vcpu='0'> names the CPUs 8191, and this host has"),
      std::string::npos)
      << error->what();
}

TEST(OnlineCpus, AreComparedWithWhatIsAskedFor) {
  EXPECT_NO_THROW(require_online(CpuSet{1, 9}, "0-3", "it"));
  EXPECT_NO_THROW(require_online(CpuSet{}, "0-3", "it"));
  EXPECT_NO_THROW(require_online(CpuSet{9}, "", "it")) << "nobody knows which there are";
  EXPECT_THROW(require_online(CpuSet{4, 9}, "0-3", "it"), Error);
}

TEST(ThreadPlacement, LeavesTheThreadsOfOthersAlone) {
  for (const std::uint32_t thread : {0U, 1U}) {
    EXPECT_THROW(place_thread(::getpid(), thread, {}), Error);
  }
}

TEST(ThreadPlacement, OfTheOthersLeavesTheVcpus) {
  const CpuSet before = where(0);
  if (before.size() < 2) {
    GTEST_SKIP() << "this machine has one CPU";
  }
  std::promise<void> done;
  std::promise<pid_t> named;
  std::thread vcpu([&] {
    named.set_value(::gettid());
    done.get_future().wait();
  });
  const pid_t thread = named.get_future().get();
  place_other_threads(::getpid(), {static_cast<std::uint32_t>(thread)}, domain_xml::mask_of({before[0]}));
  EXPECT_EQ(where(0), CpuSet{before[0]});
  EXPECT_EQ(where(thread), before);
  place_other_threads(::getpid(), {}, domain_xml::mask_of(before));
  EXPECT_EQ(where(0), before);
  done.set_value();
  vcpu.join();
}

}  // namespace
}  // namespace virtsev::daemon
