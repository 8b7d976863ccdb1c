// SPDX-License-Identifier: LGPL-2.1-or-later
// ASIDs and the firmware's queue among processes, some of which are killed.
#include "sevcore/kernel/asid_locks.hpp"

#include <csignal>

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sevcore/kernel/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

/// A child process that does something, says so, and then holds what it has until it is killed.
class Holder {
 public:
  template <typename Work>
  explicit Holder(Work work) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      work([&ends](bool good) {
        const char answer = good ? 'y' : 'n';
        if (::write(ends[1], &answer, 1) == 1) {
          ::pause();
        }
      });
      ::_exit(1);
    }
    ::close(ends[1]);
    char answer = 'n';
    EXPECT_EQ(::read(ends[0], &answer, 1), 1);
    ready_ = answer == 'y';
    ::close(ends[0]);
  }
  ~Holder() { kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  void kill() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
      child_ = 0;
    }
  }

 private:
  pid_t child_ = 0;
  bool ready_ = false;
};

class AsidLocksTest : public ::testing::Test {
 protected:
  static Outcome init(SimulatedPlatform& platform, std::unique_ptr<SevVm>& vm, GuestCommand command) {
    vm = platform.make_vm(KvmVmType::kDefault, {});
    return vm->operate(command, nullptr);
  }
  /// Whether the queue could be had at once.
  bool queue_is_free() {
    const UniqueFd state = directory_.state();
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_start = 4096;
    lock.l_len = 1;
    return ::fcntl(state.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
  }

  PlatformDirectory directory_;
};

TEST_F(AsidLocksTest, GivesAKilledProcesssAsidToTheNext) {
  directory_.set({1, 1, 0});
  directory_.platform();
  Holder holder([this](auto ready) {
    const auto platform = directory_.platform();
    std::unique_ptr<SevVm> vm;
    ready(init(*platform, vm, GuestCommand::kEsInit).ok());
  });
  ASSERT_TRUE(holder.ready());
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> vm;
  EXPECT_EQ(init(*platform, vm, GuestCommand::kEsInit), kernel(EBUSY));
  holder.kill();
  EXPECT_EQ(init(*platform, vm, GuestCommand::kEsInit), Outcome{});
}

TEST_F(AsidLocksTest, CountsThePoolsOfSevAndSevEsApart) {
  directory_.set({1, 2, 0});
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> es;
  std::unique_ptr<SevVm> sev[3];
  std::unique_ptr<SevVm> more;
  EXPECT_EQ(init(*platform, es, GuestCommand::kEsInit), Outcome{});
  EXPECT_EQ(init(*platform, more, GuestCommand::kEsInit), kernel(EBUSY));
  EXPECT_EQ(init(*platform, sev[0], GuestCommand::kInit), Outcome{});
  EXPECT_EQ(init(*platform, sev[1], GuestCommand::kInit), Outcome{});
  EXPECT_EQ(init(*platform, sev[2], GuestCommand::kInit), kernel(EBUSY));
  sev[0].reset();
  EXPECT_EQ(init(*platform, sev[2], GuestCommand::kInit), Outcome{});
}

TEST_F(AsidLocksTest, UsesAnAsidAgainForAWholeLaunchAfterAFlush) {
  directory_.set({1, 1, 0});
  const auto platform = directory_.platform();
  for (int round = 0; round < 3; ++round) {
    std::unique_ptr<SevVm> vm;
    ASSERT_EQ(init(*platform, vm, GuestCommand::kInit), Outcome{});
    LaunchStartArguments arguments;
    arguments.policy = 1;
    ASSERT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments), Outcome{}) << round;
  }
}

TEST_F(AsidLocksTest, HasNoSevEsWhereItsPoolIsEmpty) {
  directory_.set({0, 1, 0});
  const auto platform = directory_.platform();
  std::unique_ptr<SevVm> vm;
  EXPECT_EQ(init(*platform, vm, GuestCommand::kEsInit), kernel(ENOTTY));
  EXPECT_EQ(init(*platform, vm, GuestCommand::kInit), Outcome{});
  const auto modern = platform->make_vm(KvmVmType::kSevEs, {});
  Init2Arguments arguments;
  EXPECT_EQ(modern->operate(GuestCommand::kInit2, &arguments), kernel(EINVAL));
}

TEST_F(AsidLocksTest, CountsLocksOfSeveralProcessesThatLieBetweenEachOther) {
  const UniqueFd state[] = {directory_.state(), directory_.state(), directory_.state()};
  AsidLocks first(state[0].get());
  AsidLocks second(state[1].get());
  const AsidLocks looking(state[2].get());
  ASSERT_EQ(first.take(5, 5), 5U);
  ASSERT_EQ(second.take(1, 2), 1U);
  ASSERT_EQ(second.take(6, 6), 6U);
  ASSERT_EQ(first.take(1, 4), 2U);
  ASSERT_EQ(first.take(1, 4), 3U);
  const QueueTurn turn(state[1].get());  // Next to ASID 1 in the same process: one lock to the system
  EXPECT_EQ(looking.count_elsewhere(10), 5U);
  EXPECT_EQ(looking.count_elsewhere(5), 4U);
  EXPECT_EQ(first.count_elsewhere(10), 2U);
  first.give_back(2);
  EXPECT_EQ(looking.count_elsewhere(10), 4U);
}

TEST_F(AsidLocksTest, GivesAKilledProcesssTurnToTheNext) {
  directory_.platform();
  Holder holder([this](auto ready) {
    const UniqueFd state = directory_.state();
    const QueueTurn turn(state.get());
    ready(true);
  });
  ASSERT_TRUE(holder.ready());
  EXPECT_FALSE(queue_is_free());
  holder.kill();
  EXPECT_TRUE(queue_is_free());
  const UniqueFd state = directory_.state();
  const QueueTurn turn(state.get());
  EXPECT_FALSE(queue_is_free());
}

TEST_F(AsidLocksTest, TellsThePlatformsStateThoughAnotherProcessHasTheTurn) {
  directory_.platform();
  Holder holder([this](auto ready) {
    const UniqueFd state = directory_.state();
    const QueueTurn turn(state.get());
    ready(true);
  });
  ASSERT_TRUE(holder.ready());
  PlatformStatusArguments arguments;
  EXPECT_EQ(directory_.platform()->open_device()->issue(PlatformCommand::kPlatformStatus, &arguments),
            Outcome{});
}

/// Two processes add to a number in shared memory in their turns, in a way that loses steps where both are in
/// it at once.
TEST_F(AsidLocksTest, LetsOneProcessAtATimeHaveItsTurn) {
  constexpr int kSteps = 2000;
  auto* shared = static_cast<volatile int*>(
      ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(shared, MAP_FAILED);
  const auto add = [this, shared] {
    const UniqueFd state = directory_.state();
    for (int i = 0; i < kSteps; ++i) {
      const QueueTurn turn(state.get());
      const int before = *shared;
      ::sched_yield();
      *shared = before + 1;
    }
  };
  const pid_t child = ::fork();
  if (child == 0) {
    add();
    ::_exit(0);
  }
  add();
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*shared, 2 * kSteps);
  ::munmap(const_cast<int*>(shared), sizeof(int));
}

}  // namespace
}  // namespace virtsev::sevcore
