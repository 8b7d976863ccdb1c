// SPDX-License-Identifier: LGPL-2.1-or-later
// Dumps of guests' memory: the file, the states and events around it, and what comes in between.
#include <atomic>
#include <fstream>

#include <asio/post.hpp>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/dump/core_file.hpp"
#include "driver/daemon/files/unfinished_files.hpp"
#include "tests/driver/daemon/dump/core_reader.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;
using State = std::pair<int, int>;

constexpr std::uint32_t kMemory = VIR_DUMP_MEMORY_ONLY;

class Dump : public HypervisorTest {
 protected:
  DomainHandle running(const DomainText& text = {}, unsigned flags = 0) {
    const DomainHandle domain = start(define(text), flags);
    events_.clear();
    return domain;
  }
  std::optional<Error> dump(const DomainHandle& domain, std::uint32_t flags = kMemory) {
    return error_of(driver().core_dump(domain.uuid, path("core"), 0, flags));
  }
  /// One that goes on while others are waited for; `outcome_` has its error's code, 0 for none.
  void begin_dump(const DomainHandle& domain, std::uint32_t flags = kMemory) {
    begin([this, domain, flags]() -> asio::awaitable<void> {
      int outcome = 0;
      try {
        co_await driver().core_dump(domain.uuid, path("core"), 0, flags);
      } catch (const Error& error) {
        outcome = static_cast<int>(error.code());
      }
      outcome_ = outcome;
    });
  }
  /// Nothing of it is written: the guest has just been paused.
  void begin_dump_and_pause(const DomainHandle& domain, std::uint32_t flags = kMemory) {
    begin_dump(domain, flags);
    wait_for_events(1);
    EXPECT_EQ((Events{"guest: suspended 0"}), events_);
    EXPECT_FALSE(there()) << "what is not whole has a name";
  }
  void wait_for_outcome(ErrorCode expected) {
    wait_until([this] { return outcome_.has_value(); });
    EXPECT_EQ(static_cast<int>(expected), *outcome_);
  }
  State state(const DomainHandle& domain) {
    const DomainState state = driver().state(domain.uuid);
    return {state.state, state.reason};
  }
  bool there() const { return std::filesystem::exists(path("core")); }
  void expect_memory() const {
    const auto core = read_core_file(path("core"));
    ASSERT_TRUE(core);
    ASSERT_EQ(2U, core->memory.size());
    const std::pair<std::uint64_t, std::uint64_t> ranges[] = {{0, 0x80000}, {0x100000, 0x20100}};
    for (std::size_t part = 0; part < 2; ++part) {
      EXPECT_EQ(ranges[part].first, core->memory[part].header.p_paddr);
      const Bytes& content = core->memory[part].content;
      ASSERT_EQ(ranges[part].second, content.size());
      for (std::size_t i = 0; i < content.size(); ++i) {
        ASSERT_EQ(static_cast<std::uint8_t>(ranges[part].first + i), content[i]) << part << ": " << i;
      }
    }
    EXPECT_EQ(core->end_byte, std::filesystem::file_size(path("core")));
  }

  std::optional<int> outcome_;
};

TEST_F(Dump, HoldsTheMemory) {
  EXPECT_FALSE(dump(running()));
  expect_memory();
}

TEST_F(Dump, HoldsTheRegistersOfEachVcpu) {
  EXPECT_FALSE(dump(running()));
  const auto core = read_core_file(path("core"));
  ASSERT_TRUE(core);
  ASSERT_EQ(2U, core->threads.size());
  for (std::size_t vcpu = 0; vcpu < 2; ++vcpu) {
    EXPECT_EQ(vcpu, core->threads[vcpu].registers.rax);
    EXPECT_EQ(0x1000 + vcpu, core->threads[vcpu].registers.rip);
    EXPECT_EQ(static_cast<int>(vcpu + 1), core->threads[vcpu].status.pr_pid);
  }
}

TEST_F(Dump, WithoutReadableRegistersIsOfMemoryAlone) {
  EXPECT_FALSE(dump(running({.command_line = "registers=refuse"})));
  expect_memory();
  const auto core = read_core_file(path("core"));
  ASSERT_TRUE(core);
  EXPECT_EQ(0U, core->notes);
}

TEST_F(Dump, PausesARunningGuestMeanwhile) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  EXPECT_EQ(State(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_DUMP), state(domain));
  EXPECT_EQ(VIR_DOMAIN_PAUSED_DUMP, status_of(domain).reason);
  wait_until([this] { return outcome_.has_value(); });
  EXPECT_EQ(0, *outcome_);
  EXPECT_EQ((Events{"guest: suspended 0", "guest: resumed 0"}), events_);
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
}

TEST_F(Dump, LeavesAPausedGuestPaused) {
  const DomainHandle domain = running({}, VIR_DOMAIN_START_PAUSED);
  EXPECT_FALSE(dump(domain));
  expect_memory();
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(State(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER), state(domain));
}

TEST_F(Dump, LiveLeavesTheGuestAlone) {
  const DomainHandle domain = running();
  EXPECT_FALSE(dump(domain, kMemory | VIR_DUMP_LIVE));
  expect_memory();
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED), state(domain));
}

TEST_F(Dump, CrashEndsTheGuestAfterwards) {
  const DomainHandle domain = running();
  const pid_t monitor = monitor_of(domain);
  EXPECT_FALSE(dump(domain, kMemory | VIR_DUMP_CRASH));
  expect_memory();
  EXPECT_EQ((Events{"guest: suspended 0", "guest: stopped 2"}), events_);
  EXPECT_EQ(State(VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED), state(domain));
  EXPECT_EQ(0U, start_time_of(monitor)) << "the monitor is still there";
  EXPECT_TRUE(std::filesystem::is_empty(layout_.state)) << "run-time files are left behind";
  EXPECT_GE(start(domain).id, 1);
}

TEST_F(Dump, CrashIsNoneWhereTheDumpFails) {
  const DomainHandle domain = running({.command_line = "memory=short"});
  EXPECT_EQ(ErrorCode::kInternal, dump(domain, kMemory | VIR_DUMP_CRASH)->code());
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
}

TEST_F(Dump, ThatFailsLeavesNoFileAndARunningGuest) {
  const DomainHandle domain = running({.command_line = "memory=short"});
  EXPECT_EQ(ErrorCode::kInternal, dump(domain)->code());
  EXPECT_FALSE(there());
  EXPECT_EQ((Events{"guest: suspended 0", "guest: resumed 0"}), events_);
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
}

TEST_F(Dump, WhoseDiskIsFullIsGoneAndItsGuestRunsOn) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  // The kernel refuses what lies above this limit as it refuses what has no room on the disk.
  rlimit before{};
  ASSERT_EQ(0, ::getrlimit(RLIMIT_FSIZE, &before));
  const rlimit limited{256U << 10, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(0, ::setrlimit(RLIMIT_FSIZE, &limited));
  wait_until([this] { return outcome_.has_value(); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(static_cast<int>(ErrorCode::kSystemError), *outcome_);
  EXPECT_FALSE(there());
  EXPECT_EQ((Events{"guest: suspended 0", "guest: resumed 0"}), events_);
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
}

TEST_F(Dump, ThatThePolicyForbidsMakesNoFile) {
  const DomainHandle domain = running({.command_line = "memory=refuse"});
  const auto error = dump(domain);
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationDenied, error->code());
  EXPECT_STREQ("NODBG", error->what());
  EXPECT_FALSE(there());
  EXPECT_TRUE(events_.empty());
}

TEST_F(Dump, ThatCannotBeOpenedDoesNotPauseTheGuest) {
  const DomainHandle domain = running();
  std::filesystem::create_directory(path("directory"));
  ASSERT_EQ(0, ::mkfifo(path("fifo").c_str(), 0600));
  for (const std::string& file : {std::string("core"), path("directory"), path("fifo")}) {
    const auto error = error_of(driver().core_dump(domain.uuid, file, 0, kMemory));
    ASSERT_TRUE(error) << file;
    EXPECT_EQ(ErrorCode::kInvalidArgument, error->code()) << file;
  }
  EXPECT_EQ(ErrorCode::kSystemError,
            error_of(driver().core_dump(domain.uuid, path("none/core"), 0, kMemory))->code());
  EXPECT_TRUE(events_.empty());
  EXPECT_FALSE(dump(domain)) << "nothing is left in the way";
}

TEST_F(Dump, IsRefusedWithoutMemoryOnlyAndForInactiveDomains) {
  const DomainHandle domain = define();
  for (const std::uint32_t flags : {kMemory, 0U, kMemory | VIR_DUMP_RESET}) {
    EXPECT_EQ(ErrorCode::kOperationInvalid, dump(domain, flags)->code()) << "the state comes first";
  }
  start(domain);
  EXPECT_EQ(ErrorCode::kNoSupport, dump(domain, 0)->code());
  EXPECT_EQ(ErrorCode::kNoSupport,
            error_of(driver().core_dump(domain.uuid, path("core"), 1, kMemory))->code());
  EXPECT_FALSE(there());
}

TEST_F(Dump, EndsWithADestroyedGuestThatDoesNotWaitForIt) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ((Events{"guest: suspended 0", "guest: shutdown 2", "guest: stopped 1"}), events_);
  wait_for_outcome(ErrorCode::kOperationAborted);
  EXPECT_FALSE(there());
  EXPECT_EQ(State(VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED), state(domain));
  EXPECT_EQ(3U, events_.size());
}

TEST_F(Dump, EndsWithAGuestThatCrashes) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain, kMemory | VIR_DUMP_CRASH);
  ::kill(monitor_of(domain), SIGKILL);
  wait_for_outcome(ErrorCode::kOperationAborted);
  EXPECT_FALSE(there());
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: suspended 0", "guest: stopped 2"}), events_);
}

TEST_F(Dump, DoesNotGoOnWithTheNextRunOfAGuest) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  wait(driver().reset(domain.uuid, 0));
  wait_for_outcome(ErrorCode::kOperationAborted);
  EXPECT_FALSE(there());
  wait_until([&] { return state(domain) == State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED); });
  EXPECT_FALSE(dump(domain)) << "the next run has a dump of its own";
}

TEST_F(Dump, IsOneAtATime) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  const auto error = error_of(driver().core_dump(domain.uuid, path("other"), 0, kMemory | VIR_DUMP_LIVE));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kResourceBusy, error->code());
  wait_until([this] { return outcome_.has_value(); });
  EXPECT_EQ(0, *outcome_);
  EXPECT_FALSE(std::filesystem::exists(path("other")));
  EXPECT_FALSE(dump(domain, kMemory | VIR_DUMP_LIVE));
}

TEST_F(Dump, KeepsAGuestFromBeingResumed) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  EXPECT_EQ(ErrorCode::kOperationInvalid, error_of(driver().resume(domain.uuid))->code());
  wait_until([this] { return outcome_.has_value(); });
  EXPECT_EQ(0, *outcome_);
  expect_memory();
  wait(driver().suspend(domain.uuid));
  wait(driver().resume(domain.uuid));
}

TEST_F(Dump, WorksAfterARestart) {
  const DomainHandle domain = running();
  restart();
  EXPECT_FALSE(dump(domain));
  expect_memory();
}

TEST_F(Dump, ThatARestartBreaksOffLetsTheGuestRunAgain) {
  const DomainHandle domain = running();
  begin_dump_and_pause(domain);
  restart();
  EXPECT_FALSE(there());
  wait_for_events(2);
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
  EXPECT_EQ("guest: resumed 0", events_.back());
}

TEST_F(Dump, OfAnOlderMonitorIsRefused) {
  const DomainHandle domain = running({.name = "old"});
  restart();
  events_.clear();
  EXPECT_EQ(ErrorCode::kOperationUnsupported, dump(domain)->code());
  EXPECT_FALSE(there());
  EXPECT_TRUE(events_.empty());
}

TEST_F(Dump, IsGivenUpWhereTheDaemonIsStoppedAndItsGuestRunsOn) {
  const DomainHandle domain = running();
  std::ofstream(path("core")) << "before";
  begin_dump(domain);
  wait_for_events(1);
  wait(driver().wind_up());
  wait_for_outcome(ErrorCode::kOperationAborted);
  EXPECT_EQ("before", read_small(path("core")));
  EXPECT_EQ((Events{"guest: suspended 0", "guest: resumed 0"}), events_);
  EXPECT_EQ(State(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
  EXPECT_EQ(ErrorCode::kOperationAborted, dump(domain)->code()) << "another one began";
}

TEST_F(Dump, WhatAKilledDaemonLeftIsSweptAtTheNextStart) {
  const UnfinishedFiles files(layout_.unfinished());
  const auto note = files.note(root_.string());
  const auto gone = files.note(root_.string());
  std::ofstream(path(note.file)) << "half of a guest's memory";
  std::ofstream(layout_.unfinished() + "/other") << path("vmlinuz");
  restart();
  wait_until([&] { return files.notes().empty(); });
  EXPECT_FALSE(std::filesystem::exists(path(note.file)));
  EXPECT_TRUE(std::filesystem::exists(path("vmlinuz"))) << "a file that is none of its own was removed";
}

/// A file that takes long to make.
class DumpToDeadServer : public Dump {
 protected:
  DumpToDeadServer() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(0, ::pipe2(ends, O_CLOEXEC));
    const auto server = std::make_shared<UniqueFd>(ends[0]);
    holder_ = UniqueFd(ends[1]);
    configuration_.write_core_file = [this, server, unfinished = layout_.unfinished()](
                                         const std::string& file, std::uint64_t size, UniqueFd peer) {
      if (file == path("core")) {
        hangs_ = true;
        asio::post(loop(), [] {});  // Look again
        char none = 0;
        EXPECT_EQ(0, ::read(server->get(), &none, 1));
      }
      write_core_file(file, size, std::move(peer), UnfinishedFiles(unfinished));
    };
    restart();
  }
  ~DumpToDeadServer() override { give_way(); }
  void give_way() { holder_.reset(); }
  /// The thread waits for the file's server.
  void begin_and_hang(const DomainHandle& domain) {
    begin_dump(domain);
    wait_until([this] { return hangs_.load(); });
  }

  std::atomic<bool> hangs_ = false;
  UniqueFd holder_;
};

TEST_F(DumpToDeadServer, StopsNobodyElse) {
  const DomainHandle domain = running();
  begin_and_hang(domain);
  EXPECT_TRUE(events_.empty()) << "the guest runs on";
  wait(driver().suspend(domain.uuid));
  wait(driver().info(domain.uuid));
  EXPECT_FALSE(
      error_of(driver().core_dump(start(define({.name = "other"})).uuid, path("other"), 0, kMemory)));
  EXPECT_FALSE(outcome_);
  give_way();
  wait_until([this] { return outcome_.has_value(); });
  EXPECT_EQ(0, *outcome_);
  expect_memory();
}

TEST_F(DumpToDeadServer, EndsWithTheGuest) {
  const DomainHandle domain = running();
  begin_and_hang(domain);
  wait(driver().destroy(domain.uuid, 0));
  wait_for_outcome(ErrorCode::kOperationAborted);
  give_way();
}

}  // namespace
}  // namespace virtsev::daemon
