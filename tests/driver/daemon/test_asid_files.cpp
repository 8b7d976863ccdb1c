// SPDX-License-Identifier: LGPL-2.1-or-later
// ASIDs of the simulated platform: one guest's each, whoever dies, and whatever older monitors hold.
#include <fstream>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/daemon/platform/asid_files.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

class AsidFiles : public HypervisorTest {
 protected:
  std::optional<GivenAsid> give(std::uint32_t first, std::uint32_t last,
                                const std::set<std::uint32_t>& taken = {}) {
    return give_asid(layout_, first, last, taken);
  }
  std::uint32_t number(const std::optional<GivenAsid>& given) { return given ? given->asid : 0; }
};

TEST_F(AsidFiles, EachIsGivenOnceAndTheLowestFirst) {
  const auto one = give(1, 3);
  const auto two = give(1, 3);
  auto three = give(1, 3);
  EXPECT_EQ(1U, number(one));
  EXPECT_EQ(2U, number(two));
  EXPECT_EQ(3U, number(three));
  EXPECT_FALSE(give(1, 3));
  EXPECT_EQ(4U, number(give(4, 9)));
  three.reset();
  EXPECT_EQ(3U, number(give(1, 3)));
}

TEST_F(AsidFiles, TheLockIsItsHoldersWhoeverMadeIt) {
  auto given = give(1, 1);
  const pid_t holder = ::fork();
  if (holder == 0) {
    ::pause();
  }
  given.reset();  // virtsevd's own copy
  EXPECT_FALSE(give(1, 1));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_EQ(1U, number(give(1, 1)));
}

TEST_F(AsidFiles, OneThatItsHolderLetGoOfIsNotGivenTwice) {
  const auto given = give(1, 2);
  ASSERT_EQ(0, ::flock(given->lock.get(), LOCK_UN));
  EXPECT_EQ(2U, number(give(1, 2, {1})));
}

TEST_F(AsidFiles, AMonitorOfVersion3HoldsItsOwn) {
  const std::string state = layout_.platform_directory() + "/state";
  std::ofstream(state) << "virtsev simulated platform, version 1\n";
  UniqueFd old(::open(state.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_start = 4096 + 2;
  lock.l_len = 1;
  ASSERT_EQ(0, ::fcntl(old.get(), F_OFD_SETLK, &lock));
  const auto one = give(1, 3);
  const auto next = give(1, 3);
  EXPECT_EQ(1U, number(one));
  EXPECT_EQ(3U, number(next));
  old.reset();
  EXPECT_EQ(2U, number(give(1, 3)));
}

TEST_F(AsidFiles, AGuestKeepsItsOwnThroughARestart) {
  configuration_.simulation.sev_asids = 1;
  restart();
  const DomainHandle first = start(define());
  const DomainHandle second = define({.name = "second"});
  for (int round = 0; round < 2; ++round) {
    const auto error = error_of(driver().start(second.uuid, 0, 1));
    ASSERT_TRUE(error);
    EXPECT_EQ(ErrorCode::kResourceBusy, error->code());
    EXPECT_NE(std::string::npos, std::string(error->what()).find("simulated_sev_asids")) << error->what();
    restart();
    wait(driver().info(first.uuid));
  }
  wait(driver().destroy(first.uuid, 0));
  EXPECT_FALSE(error_of(driver().start(second.uuid, 0, 1)));
}

TEST_F(AsidFiles, AMonitorThatWantsTheFirmwareGetsItsTurn) {
  const DomainHandle domain = start(define({.command_line = "start=want"}));
  EXPECT_GT(status_of(domain).asid, 0U);
}

}  // namespace
}  // namespace virtsev::daemon
