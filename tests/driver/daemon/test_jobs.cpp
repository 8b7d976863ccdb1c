// SPDX-License-Identifier: LGPL-2.1-or-later
// What takes long of a domain: it is shown, and can be ended; what was ended leaves nothing behind.
#include <atomic>
#include <fstream>

#include <asio/post.hpp>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <unistd.h>

#include "driver/daemon/jobs/job.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

constexpr std::uint32_t kMemory = VIR_DUMP_MEMORY_ONLY;

class Jobs : public HypervisorTest {
 protected:
  /// Goes on while others are waited for; `outcome_` then has its error, or is empty for none.
  void begin_call(std::function<asio::awaitable<void>()> call) {
    over_ = false;
    begin([this, call = std::move(call)]() -> asio::awaitable<void> {
      try {
        co_await call();
      } catch (const Error& error) {
        outcome_ = error;
      }
      over_ = true;
    });
  }
  void begin_start(const DomainHandle& domain) {
    begin_call([this, domain]() -> asio::awaitable<void> { co_await driver().start(domain.uuid, 0, 1); });
  }
  void begin_dump(const DomainHandle& domain, std::uint32_t flags = kMemory) {
    begin_call([this, domain, flags]() -> asio::awaitable<void> {
      co_await driver().core_dump(domain.uuid, path("core"), 0, flags);
    });
  }
  void expect_outcome(ErrorCode code, const std::string& words) {
    wait_until([this] { return over_; });
    ASSERT_TRUE(outcome_) << "it was not ended";
    EXPECT_EQ(code, outcome_->code()) << outcome_->what();
    EXPECT_NE(std::string::npos, std::string(outcome_->what()).find(words)) << outcome_->what();
  }
  bool has_job(const DomainHandle& domain) {
    return driver().lookup_by_uuid(domain.uuid).id >= 0 && driver().job(domain.uuid);
  }
  std::vector<std::string> left_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  bool over_ = false;
  std::optional<Error> outcome_;
};

TEST_F(Jobs, NothingUnderWayIsNothingToEnd) {
  const DomainHandle domain = define();
  auto error = error_of(driver().abort_job(domain.uuid));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationInvalid, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("not running"));
  start(domain);
  EXPECT_FALSE(driver().job(domain.uuid));
  error = error_of(driver().abort_job(domain.uuid));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationInvalid, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("no job is active"));
}

TEST_F(Jobs, AStartThatIsEndedLeavesNothing) {
  const std::vector<std::string> before = left_in(layout_.state);
  const DomainHandle domain = define({.command_line = "start=stall"});
  begin_start(domain);
  wait_until([&] { return has_job(domain) && driver().job(domain.uuid)->done_bytes > 0; });
  const auto job = driver().job(domain.uuid);
  EXPECT_EQ(VIR_DOMAIN_JOB_OPERATION_START, job->operation);
  const Process monitor = find_process(monitor_of(domain), status_of(domain).start_time);
  ASSERT_TRUE(is_alive(monitor));
  events_.clear();
  wait(driver().abort_job(domain.uuid));
  EXPECT_TRUE(over_) << "it is not over when the call returns";
  expect_outcome(ErrorCode::kOperationAborted, "domjobabort");
  EXPECT_EQ(-1, driver().lookup_by_uuid(domain.uuid).id);
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF, driver().state(domain.uuid).state);
  EXPECT_FALSE(is_alive(monitor));
  EXPECT_EQ(before, left_in(layout_.state));
  EXPECT_TRUE(events_.empty()) << "nobody heard of a start";
  wait(driver().undefine(domain.uuid, 0));
  EXPECT_FALSE(error_of(driver().start(define().uuid, 0, 1))) << "the next one starts";
}

TEST_F(Jobs, AStartIsEndedBeforeItHasAMonitor) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(0, ::pipe2(ends, O_CLOEXEC));
  const auto server = std::make_shared<UniqueFd>(ends[0]);
  UniqueFd holder(ends[1]);
  std::atomic<bool> hangs = false;
  configuration_.open_machine = [&, server](const domain_xml::DomainDefinition& definition) {
    hangs = true;
    asio::post(loop(), [] {});  // Look again
    char none = 0;
    EXPECT_EQ(0, ::read(server->get(), &none, 1));
    return spec::open_machine(definition);
  };
  restart();
  const DomainHandle domain = define();
  begin_start(domain);
  wait_until([&] { return hangs.load(); });
  wait(driver().abort_job(domain.uuid));
  expect_outcome(ErrorCode::kOperationAborted, "domjobabort");
  EXPECT_FALSE(driver().any_active());
  holder.reset();
}

TEST_F(Jobs, ATransientDomainGoesWithItsStart) {
  const std::string text = xml({.command_line = "start=hang"});
  begin_call([this, text]() -> asio::awaitable<void> { co_await driver().create(text, 0, 1); });
  wait_until(
      [this] { return driver().list_all(0).size() == 1 && driver().job(driver().list_all(0)[0].uuid); });
  wait(driver().abort_job(driver().list_all(0)[0].uuid));
  expect_outcome(ErrorCode::kOperationAborted, "domjobabort");
  EXPECT_TRUE(driver().list_all(0).empty());
}

TEST_F(Jobs, ARelaunchIsEndedWithItsGuest) {
  configuration_.shortest_run_ms = 60000;
  restart();
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .more = "<on_reboot>restart</on_reboot>"}));
  events_.clear();
  wait(driver().shutdown(domain.uuid, 0));
  wait_until([&] { return has_job(domain); });
  wait(driver().abort_job(domain.uuid));
  EXPECT_FALSE(driver().any_active());
  EXPECT_EQ((Events{"guest: stopped 1"}), events_);
}

TEST_F(Jobs, ADumpIsShownAndEndedAndLeavesNoFile) {
  const DomainHandle domain = start(define());
  const std::vector<std::string> before = left_in(root_.string());
  events_.clear();
  begin_dump(domain);
  wait_for_events(1);
  const auto job = driver().job(domain.uuid);
  ASSERT_TRUE(job);
  EXPECT_EQ(VIR_DOMAIN_JOB_OPERATION_DUMP, job->operation);
  wait(driver().abort_job(domain.uuid));
  expect_outcome(ErrorCode::kOperationAborted, "domjobabort");
  EXPECT_EQ(before, left_in(root_.string()));
  EXPECT_TRUE(left_in(layout_.unfinished()).empty());
  EXPECT_EQ((Events{"guest: suspended 0", "guest: resumed 0"}), events_) << "the guest runs again";
  EXPECT_FALSE(driver().job(domain.uuid));
  EXPECT_FALSE(error_of(driver().core_dump(domain.uuid, path("core"), 0, kMemory))) << "the next one is made";
}

TEST_F(Jobs, ADumpTellsHowFarItIs) {
  const DomainHandle domain = start(define());
  constexpr std::uint64_t kBytes = 0x80000 + 0x20100;  // What the fake monitor has
  std::uint64_t most = 0;
  begin_dump(domain, kMemory | VIR_DUMP_LIVE);
  wait_until([&] {
    if (const auto job = driver().job(domain.uuid); job && job->total_bytes > 0) {
      EXPECT_EQ(kBytes, job->total_bytes);
      EXPECT_GE(job->done_bytes, most) << "it went back";
      most = job->done_bytes;
    }
    return over_;
  });
  EXPECT_FALSE(outcome_);
  EXPECT_GT(most, 0U);
}

TEST_F(Jobs, ADumpToAServerThatIsGoneIsEndedAllTheSame) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(0, ::pipe2(ends, O_CLOEXEC));
  const auto server = std::make_shared<UniqueFd>(ends[0]);
  UniqueFd holder(ends[1]);
  std::atomic<bool> hangs = false;
  configuration_.write_core_file = [&, server](const std::string&, std::uint64_t, const UniqueFd&) {
    hangs = true;
    asio::post(loop(), [] {});  // Look again
    char none = 0;
    EXPECT_EQ(0, ::read(server->get(), &none, 1));
  };
  restart();
  const DomainHandle domain = start(define());
  begin_dump(domain);
  wait_until([&] { return hangs.load(); });
  wait(driver().abort_job(domain.uuid));
  expect_outcome(ErrorCode::kOperationAborted, "domjobabort");
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  holder.reset();
}

TEST(Job, GoesOnOnlyForwardsAndWithinItsTotal) {
  asio::io_context io;
  Job job(io.get_executor(), Job::Kind::kStart, Job::Beside::kNothing, [] {});
  int called = 0;
  job.set_observer([&called] { ++called; });
  for (const Job::Progress& progress : std::initializer_list<Job::Progress>{
           {0, 10}, {0, 10}, {4, 10}, {3, 10}, {4, 11}, {12, 10}, {10, 10}}) {
    job.set_progress(progress);
    EXPECT_LE(job.progress().done, job.progress().total);
  }
  EXPECT_EQ(3, called) << "the first total, 4, and 10";
  EXPECT_EQ(10U, job.progress().done);
}

TEST(Job, IsEndedOnce) {
  asio::io_context io;
  int called = 0;
  Job job(io.get_executor(), Job::Kind::kDump, Job::Beside::kAll, [&called] { ++called; });
  EXPECT_FALSE(job.aborted());
  job.abort();
  job.abort();
  EXPECT_TRUE(job.aborted());
  EXPECT_EQ(1, called);
}

TEST(Job, IsItsDomainsAsLongAsItIsHeldOrUntilTheNext) {
  asio::io_context io;
  std::shared_ptr<Job> place;
  const auto make = [&io] {
    return std::make_shared<Job>(io.get_executor(), Job::Kind::kDump, Job::Beside::kAll, [] {});
  };
  const auto first = make();
  const auto second = make();
  {
    const JobHold next_hold(place, second);
    {
      const JobHold hold(place, first);
      EXPECT_EQ(first, place);
      place = second;
    }
    EXPECT_EQ(second, place) << "taken from the next one";
    EXPECT_TRUE(first->over().fired());
    EXPECT_FALSE(second->over().fired());
  }
  EXPECT_FALSE(place);
}

}  // namespace
}  // namespace virtsev::daemon
