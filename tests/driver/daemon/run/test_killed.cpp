// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsevd is killed (SIGKILL) in the midst of each step of a start, a relaunch, a destroy, a dump and a
// takeover: the next one finds nothing lost, torn or left over.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <libvirt/libvirt.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/driver/daemon/dump/core_reader.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Steps = std::vector<std::string>;

constexpr const char* name_of(TransitionMoment moment) {
  switch (moment) {
    case TransitionMoment::kBefore:
      return "before";
    case TransitionMoment::kSaved:
      return "saved";
    default:
      return "told";
  }
}

class Killed : public HypervisorTest {
 protected:
  struct Scenario {
    /// The definition, without its name.
    DomainText text;
    /// The domain runs already.
    bool started = true;
    /// It is found by the virtsevd that is killed before that begins, or while.
    bool found_before = true;
    /// What the virtsevd does that is killed.
    std::function<void(const DomainHandle&)> act;
    /// All steps that the domain takes meanwhile.
    Steps steps;
    /// What is to be found after that: of the step and the moment.
    std::function<void(const DomainHandle&, const std::string& step, TransitionMoment moment)> expect;
  };

  /// Every step, at each of its moments, each time with a domain of its own.
  void kill_at_each_step(const Scenario& scenario) {
    expect_steps(scenario);
    for (const std::string& step : scenario.steps) {
      for (const auto moment :
           {TransitionMoment::kBefore, TransitionMoment::kSaved, TransitionMoment::kTold}) {
        SCOPED_TRACE("killed at " + step + ", " + name_of(moment));
        const DomainHandle domain = prepare(scenario);
        const int status =
            in_another_virtsevd(scenario, domain, [&](const char* taken, TransitionMoment now) {
              if (taken == step && now == moment) {
                ::kill(::getpid(), SIGKILL);
              }
            });
        ASSERT_TRUE(WIFSIGNALED(status)) << "it was not killed, and ended with " << WEXITSTATUS(status);
        ASSERT_EQ(SIGKILL, WTERMSIG(status));
        restart();
        settle(domain);
        scenario.expect(driver().lookup_by_name(domain.name), step, moment);
        expect_nothing_left(domain);
        if (HasFailure()) {
          return;
        }
        end(domain);
      }
    }
  }

  bool is_running(const DomainHandle& domain) {
    return driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING;
  }
  bool is_off(const DomainHandle& domain) { return driver().state(domain.uuid).state == VIR_DOMAIN_SHUTOFF; }
  /// Of the domain as it was before.
  int id_ = -1;
  pid_t monitor_ = -1;

 private:
  DomainHandle prepare(const Scenario& scenario) {
    DomainText text = scenario.text;
    // Processes are found by it.
    text.name = "killed-" + std::to_string(::getpid()) + "-" + std::to_string(++last_);
    DomainHandle domain = define(text);
    if (scenario.started) {
      domain = start(domain);
    }
    id_ = domain.id;
    monitor_ = monitor_of(domain);
    return domain;
  }

  // In a process of its own, which is a virtsevd that took over. How it ended, as wait() says.
  int in_another_virtsevd(const Scenario& scenario, const DomainHandle& domain,
                          const std::function<void(const char*, TransitionMoment)>& observe) {
    stop();
    const pid_t child = ::fork();
    if (child == 0) {
      restart();
      if (scenario.found_before) {
        settle(domain);
      }
      driver().set_transition_observer([&](const Domain& of, const char* step, TransitionMoment moment) {
        if (of.name == domain.name) {
          observe(step, moment);
        }
      });
      scenario.act(domain);
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    EXPECT_EQ(child, ::waitpid(child, &status, 0));
    return status;
  }

  // The list is whole: otherwise a step would go untried.
  void expect_steps(const Scenario& scenario) {
    const DomainHandle domain = prepare(scenario);
    const std::string list = path("steps");
    std::ofstream(list).close();
    const int status =
        in_another_virtsevd(scenario, domain, [&list](const char* step, TransitionMoment moment) {
          if (moment == TransitionMoment::kTold) {
            std::ofstream(list, std::ios::app) << step << '\n';
          }
        });
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    std::ifstream in(list);
    const Steps taken{std::istream_iterator<std::string>(in), {}};
    EXPECT_EQ(scenario.steps, taken);
    restart();
    settle(domain);
    end(domain);
  }

  // Until the daemon has dealt with what it found.
  void settle(const DomainHandle& domain) {
    wait_until([&] {
      const DomainState state = driver().state(domain.uuid);
      return state.state == VIR_DOMAIN_SHUTOFF ||
             (!(state.state == VIR_DOMAIN_PAUSED && state.reason == VIR_DOMAIN_PAUSED_STARTING_UP) &&
              !(state.state == VIR_DOMAIN_PAUSED && state.reason == VIR_DOMAIN_PAUSED_DUMP) &&
              driver().control_info(domain.uuid).state == VIR_DOMAIN_CONTROL_OK);
    });
    wait(driver().info(domain.uuid));  // In its turn
  }

  void end(const DomainHandle& domain) {
    if (!is_off(domain)) {
      wait(driver().destroy(domain.uuid, 0));
    }
    wait(driver().undefine(domain.uuid, 0));
    std::filesystem::remove(path("core"));
  }

  [[nodiscard]] Steps files_of(const std::string& uuid) const {
    Steps files;
    for (const auto& entry : std::filesystem::directory_iterator(layout_.state)) {
      const std::string name = entry.path().filename().string();
      if (name.find(uuid) != std::string::npos) {
        files.push_back(name);
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // No process, and no file, but those of a domain that is active.
  void expect_nothing_left(const DomainHandle& domain) {
    const bool active = !is_off(domain);
    if (active) {
      // Another, that nobody spoke to, ends by itself.
      wait_until([&] { return monitors_of(domain) == Steps{std::to_string(monitor_of(domain))}; });
      EXPECT_EQ(driver().lookup_by_uuid(domain.uuid).id, status_of(domain).id);
      EXPECT_EQ(driver().state(domain.uuid).state, status_of(domain).state);
      EXPECT_FALSE(status_of(domain).starting);
      EXPECT_FALSE(status_of(domain).relaunching);
    } else {
      wait_until([&] { return monitors_of(domain).empty(); });  // One that nobody spoke to ends by itself
    }
    restart();
    settle(domain);
    EXPECT_EQ(active, !is_off(domain));
    const std::string uuid = domain_xml::format_uuid(domain.uuid);
    const Steps expected = active ? Steps{uuid + ".end", uuid + ".sock", uuid + ".status"} : Steps{};
    // A monitor that was just about to end, as it may be for long under checkers, keeps its socket until the
    // start after it.
    wait_until([&] {
      if (files_of(uuid) != expected) {
        restart();
        settle(domain);
      }
      return files_of(uuid) == expected;
    });
    EXPECT_EQ(expected, files_of(uuid));
    for (const auto& entry : std::filesystem::directory_iterator(root_)) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
    }
    EXPECT_TRUE(std::filesystem::is_empty(layout_.unfinished())) << "a dump's file is left";
  }

  // Processes that the domain is named for, by number; those that have ended and nobody waited for are none.
  static Steps monitors_of(const DomainHandle& domain) {
    Steps found;
    const std::string wanted = std::string("--name") + '\0' + domain.name + '\0';
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string pid = entry.path().filename().string();
      if (pid.find_first_not_of("0123456789") != std::string::npos) {
        continue;
      }
      // Of a process that ends just now, nothing can be read.
      const std::string line = read_small((entry.path() / "cmdline").string());
      if (line.find(wanted) != std::string::npos) {
        found.push_back(pid);
      }
    }
    return found;
  }

  int last_ = 0;
};

TEST_F(Killed, InAStartItIsDoneOrNot) {
  Scenario scenario;
  scenario.started = false;
  scenario.act = [this](const DomainHandle& domain) { start(domain); };
  scenario.steps = {"Begin", "Spawn", "Launched"};
  scenario.expect = [this](const DomainHandle& domain, const std::string& step, TransitionMoment moment) {
    const bool done = step == "Launched" && moment != TransitionMoment::kBefore;
    EXPECT_EQ(done, is_running(domain));
    EXPECT_EQ(!done, is_off(domain));
  };
  kill_at_each_step(scenario);
}

TEST_F(Killed, InARelaunchThatAClientAskedForTheGuestIsNotLost) {
  Scenario scenario;
  scenario.act = [this](const DomainHandle& domain) {
    wait(driver().reset(domain.uuid, 0));
    wait_until([&] { return is_running(domain); });
  };
  scenario.steps = {"End", "Relaunch", "Spawn", "Launched"};
  scenario.expect = [this](const DomainHandle& domain, const std::string& step, TransitionMoment moment) {
    EXPECT_TRUE(is_running(domain));
    EXPECT_EQ(id_, domain.id);
    const bool begun = step != "End" || moment != TransitionMoment::kBefore;
    EXPECT_EQ(begun, monitor_ != monitor_of(domain)) << "asked for and not done, or done unasked";
  };
  kill_at_each_step(scenario);
}

TEST_F(Killed, InARelaunchOfAGuestThatResetsItIsNotLost) {
  Scenario scenario;
  scenario.text.command_line = "button=reset";
  scenario.text.more = "<on_reboot>restart</on_reboot>";
  scenario.act = [this](const DomainHandle& domain) {
    wait(driver().shutdown(domain.uuid, 0));
    wait_until([&] { return monitor_of(domain) != monitor_ && is_running(domain); });
  };
  scenario.steps = {"Relaunch", "Spawn", "Launched"};
  scenario.expect = [this](const DomainHandle& domain, const std::string&, TransitionMoment) {
    EXPECT_TRUE(is_running(domain));
    EXPECT_EQ(id_, domain.id);
    EXPECT_NE(monitor_, monitor_of(domain));
  };
  kill_at_each_step(scenario);
}

TEST_F(Killed, InADestroyTheGuestRunsOrIsGone) {
  Scenario scenario;
  scenario.act = [this](const DomainHandle& domain) { wait(driver().destroy(domain.uuid, 0)); };
  scenario.steps = {"End", "Stop"};
  scenario.expect = [this](const DomainHandle& domain, const std::string& step, TransitionMoment) {
    if (step == "End") {
      EXPECT_TRUE(is_running(domain)) << "nobody has told its monitor";
      EXPECT_EQ(monitor_, monitor_of(domain));
      EXPECT_EQ(id_, domain.id);
    } else {
      EXPECT_TRUE(is_off(domain));
    }
  };
  kill_at_each_step(scenario);
}

TEST_F(Killed, InADumpItsFileIsWholeOrNotThereAndTheGuestRuns) {
  Scenario scenario;
  scenario.act = [this](const DomainHandle& domain) {
    wait(driver().core_dump(domain.uuid, path("core"), 0, VIR_DUMP_MEMORY_ONLY));
  };
  scenario.steps = {"Pause", "Resume"};
  scenario.expect = [this](const DomainHandle& domain, const std::string& step, TransitionMoment) {
    EXPECT_TRUE(is_running(domain));
    EXPECT_EQ(id_, domain.id);
    EXPECT_EQ(monitor_, monitor_of(domain));
    EXPECT_EQ(step == "Resume", std::filesystem::exists(path("core")));
    if (step == "Resume") {
      const auto core = read_core_file(path("core"));
      ASSERT_TRUE(core) << "it is there, and not whole";
      EXPECT_EQ(core->end_byte, std::filesystem::file_size(path("core")));
    }
  };
  kill_at_each_step(scenario);
}

TEST_F(Killed, InADumpThatEndsItsGuestTheGuestIsThereOrItsDumpIs) {
  Scenario scenario;
  scenario.act = [this](const DomainHandle& domain) {
    wait(driver().core_dump(domain.uuid, path("core"), 0, VIR_DUMP_MEMORY_ONLY | VIR_DUMP_CRASH));
  };
  scenario.steps = {"Pause", "End", "Stop"};
  scenario.expect = [this](const DomainHandle& domain, const std::string& step, TransitionMoment) {
    EXPECT_EQ(step != "Stop", is_running(domain));
    ASSERT_EQ(step != "Pause", std::filesystem::exists(path("core")));
    EXPECT_TRUE(step == "Pause" || read_core_file(path("core"))) << "it is there, and not whole";
  };
  kill_at_each_step(scenario);
}

TEST_F(Killed, WhileItTakesOverTheGuestRuns) {
  Scenario scenario;
  scenario.found_before = false;
  scenario.act = [this](const DomainHandle& domain) {
    wait_until([&] { return driver().control_info(domain.uuid).state == VIR_DOMAIN_CONTROL_OK; });
    wait(driver().info(domain.uuid));
  };
  scenario.steps = {"Reach"};  // Find comes before anybody could observe it, and does nothing
  scenario.expect = [this](const DomainHandle& domain, const std::string&, TransitionMoment) {
    EXPECT_TRUE(is_running(domain));
    EXPECT_EQ(id_, domain.id);
    EXPECT_EQ(monitor_, monitor_of(domain));
  };
  kill_at_each_step(scenario);
}

}  // namespace
}  // namespace virtsev::daemon
