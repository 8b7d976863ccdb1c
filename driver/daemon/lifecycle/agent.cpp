// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent in a running guest, by way of its channel: one conversation at a time, which keeps nobody else of
// the domain waiting, as it does not take the domain's turn.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <libvirt/libvirt.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/daemon/agent/agent_conversation.hpp"
#include "driver/daemon/api/guest_answers.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

/// The name of QEMU's own, which Linux and Windows have a package for.
constexpr const char* kAgentChannel = "org.qemu.guest_agent.0";
/// An agent that says nothing keeps each of them waiting for its limit.
constexpr unsigned kMostWaiting = 8;
/// What a guest may say against a shutdown it says at once.
constexpr std::chrono::milliseconds kShutdownPatience{5000};
constexpr std::chrono::milliseconds kConnectLimit{5000};

/// Its place among the definition's ports. Throws where there is none.
std::size_t agent_port(const Domain& domain) {
  const auto& ports = domain.run->definition->ports;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == kAgentChannel && ports[i].socket) {
      return i;
    }
  }
  throw Error(ErrorCode::kArgumentUnsupported,
              text("domain '{}' has no channel for a guest agent: add <channel type='unix'><target "
                   "type='virtio' name='{}'/></channel> to its <devices>, start it again, and install "
                   "qemu-guest-agent in the guest",
                   domain.name, kAgentChannel));
}

void require_agent_open(const Domain& domain, std::size_t port) {
  const Run& run = *domain.run;
  const std::string id = alias_in_use(run.definition->ports[port]);
  const bool closed = run.known && std::any_of(run.known->ports.begin(), run.known->ports.end(),
                                               [&id](const control::PortFigures& each) {
                                                 return each.id == id && !each.open;
                                               });
  if (closed) {
    throw Error(
        kAgentUnresponsive,
        text("no agent runs in the guest of domain '{}': none of its programs has the channel '{}' open; "
             "start qemu-guest-agent there",
             domain.name, kAgentChannel));
  }
}

/// The monitor takes one client at a time: is one that it has not taken at the door?
bool is_somebody_waiting(const Run& run, std::size_t port) {
  pollfd listener{run.ports[port].listener.get(), POLLIN, 0};
  return listener.fd >= 0 && ::poll(&listener, 1, 0) == 1;
}

/// The kernel says who began to listen there: virtsevd did, or an earlier one. Where the definition says
/// where the socket lies, others may have put theirs in its place, and what is said here may be a password.
bool is_own(const UniqueFd& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

/// One of those that wait for the agent, or talk to it.
class InLine {
 public:
  explicit InLine(std::shared_ptr<Run> run, const std::string& name) : run_(std::move(run)) {
    if (run_->agent_calls > kMostWaiting) {
      throw Error(
          ErrorCode::kResourceBusy,
          text("{} calls to the guest agent of domain '{}' wait already; try again when they are done",
               kMostWaiting, name));
    }
    ++run_->agent_calls;
  }
  ~InLine() { --run_->agent_calls; }
  InLine(const InLine&) = delete;
  InLine& operator=(const InLine&) = delete;

 private:
  std::shared_ptr<Run> run_;
};

void require_running(const Domain& domain) {
  if (domain.state().state != VIR_DOMAIN_RUNNING) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("Requested operation is not valid: domain '{}' does not run, and its agent can't answer; "
             "resume it first",
             domain.name));
  }
}

}  // namespace

asio::awaitable<UniqueFd> Lifecycle::connect_to_agent(DomainPtr domain, std::size_t port) {
  const RunPtr run = domain->run;
  const std::string path = port < run->ports.size() ? run->ports[port].path : "";
  const auto socket = std::make_shared<UniqueFd>();
  const auto failure = std::make_shared<int>(0);
  // Where the definition says where it lies, that place may not answer.
  std::function<void()> connect = [path, socket, failure] {
    const std::filesystem::path place(path);
    *socket = connect_to(place.parent_path().string(), place.filename().string());
    *failure = errno;
  };
  Latch given_up(context_.io.get_executor());
  asio::steady_timer limit(context_.io, kConnectLimit);
  limit.async_wait([&given_up](const std::error_code& error) {
    if (!error) {
      given_up.fire();
    }
  });
  const bool done = co_await context_.user_files.run(std::move(connect), given_up);
  if (!done || !*socket) {
    const int number = done ? *failure : ETIMEDOUT;
    throw Error(
        number == EAGAIN ? ErrorCode::kResourceBusy : kAgentUnresponsive,
        number == EAGAIN
            ? text("other programs wait for the guest agent's channel at '{}', which takes one at a "
                   "time: end them",
                   path)
            : text("cannot connect to the guest agent's channel at '{}': {}", path, error_text(number)));
  }
  if (!is_own(*socket)) {
    throw Error(ErrorCode::kOperationFailed,
                text("the socket at '{}' is not the one that virtsevd made for the guest agent: another user "
                     "has put it there",
                     path));
  }
  co_return std::move(*socket);
}

asio::awaitable<std::optional<AgentValue>> Lifecycle::talk_to_agent(
    DomainPtr domain, AgentCommand command, std::optional<std::chrono::milliseconds> limit) {
  require_active(*domain);
  const RunPtr run = domain->run;
  const std::size_t port = agent_port(*domain);
  require_running(*domain);
  const InLine in_line(run, domain->name);
  const auto turn = co_await run->agent_turns->take();
  if (domain->run == run) {
    co_await ask_briefly(domain, true);
  }
  if (domain->run != run) {
    refuse_ended();
  }
  require_running(*domain);
  require_agent_open(*domain, port);
  UniqueFd socket = co_await connect_to_agent(domain, port);
  AgentConversation conversation(context_.io.get_executor(), std::move(socket));
  try {
    co_await conversation.sync();
  } catch (const Error& error) {
    if (error.code() == kAgentUnresponsive && domain->run == run && is_somebody_waiting(*run, port)) {
      throw Error(
          ErrorCode::kResourceBusy,
          text("another program is connected to the guest agent's channel at '{}', which takes one at "
               "a time: end that connection",
               run->ports[port].path));
    }
    throw Error(error.code(),
                text("domain '{}': {} (asked on its channel at '{}', which takes one client at a time)",
                     domain->name, error.what(), run->ports[port].path));
  }
  if (limit) {
    co_return co_await conversation.ask(std::move(command), *limit);
  }
  co_await conversation.tell(std::move(command), kShutdownPatience);
  co_return std::nullopt;
}

asio::awaitable<AgentValue> Lifecycle::ask_agent(DomainPtr domain, AgentCommand command, bool slow) {
  const auto limit = slow ? AgentConversation::kSlowLimit : AgentConversation::kAnswerLimit;
  std::optional<AgentValue> answer = co_await talk_to_agent(std::move(domain), std::move(command), limit);
  co_return *std::move(answer);
}

asio::awaitable<void> Lifecycle::shutdown_by_agent(DomainPtr domain) {
  require_active(*domain);
  const RunPtr run = domain->run;
  run->reboot_requested = false;
  AgentCommand command("guest-shutdown", {{"mode", "powerdown"}});
  co_await talk_to_agent(domain, std::move(command), std::nullopt);
  expect_shutdown(domain, run);
}

asio::awaitable<void> Lifecycle::reboot_by_agent(DomainPtr domain) {
  require_active(*domain);
  const RunPtr run = domain->run;
  refuse_es_reset(*run, context_.configuration.sev_es_relaunch, text("reboot"));
  refuse_relaunch(*run);
  // The guest resets itself, and what comes of that is its definition's to say.
  AgentCommand command("guest-shutdown", {{"mode", "reboot"}});
  co_await talk_to_agent(domain, std::move(command), std::nullopt);
  expect_shutdown(domain, run);
}

}  // namespace virtsev::daemon
