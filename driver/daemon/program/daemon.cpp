// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/program/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/dispatch/remote_service.hpp"
#include "driver/daemon/files/lock_file.hpp"
#include "driver/daemon/files/own_tree.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "driver/daemon/program/background.hpp"
#include "driver/daemon/program/idle_exit.hpp"
#include "driver/daemon/program/sockets.hpp"
#include "driver/daemon/relay/relay.hpp"
#include "driver/rpc/server.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

Configuration read_configuration(const Options& options, const Layout& layout) {
  Configuration configuration = load_configuration(
      options.configuration_file.value_or(layout.configuration_file), options.configuration_file.has_value());
  for (const std::string& remark : configuration.remarks) {
    log_warning(remark);
  }
  configuration.platform = options.platform.value_or(configuration.platform);
  return configuration;
}

rpc::ServerLimits limits_of(const Configuration& configuration) {
  rpc::ServerLimits limits;
  limits.max_clients = configuration.max_clients;
  limits.max_client_requests = configuration.max_client_requests;
  limits.keepalive_interval = std::chrono::seconds(std::max(configuration.keepalive_interval_seconds, 0));
  limits.keepalive_count = configuration.keepalive_count;
  return limits;
}

// The one loop and all that lives on it.
class Program {
 public:
  Program(const Options& options, const Layout& layout)
      : options_(options),
        layout_(layout),
        signals_(io_),
        hypervisor_(io_, layout, read_configuration(options, layout)),
        relay_(io_.get_executor(), layout.socket_directory),
        service_(hypervisor_, &relay_),
        server_(io_, service_, limits_of(hypervisor_.configuration())) {}

  void serve(bool session) {
    sockets_ = open_sockets(layout_, session);
    for (ListeningSocket& socket : sockets_) {
      server_.listen(std::move(socket.fd), socket.read_only);
    }
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) {
      signals_.add(number);
    }
    wait_for_signal();
    if (options_.timeout_seconds) {
      const auto idle = [this] { return server_.clients() == 0 && !hypervisor_.any_active(); };
      idle_.emplace(io_.get_executor(), std::chrono::seconds(*options_.timeout_seconds), idle, [this] {
        log_info(text("nobody is connected and no guest runs: virtsevd ends"));
        stop();
      });
      server_.set_clients_observer([this](std::size_t) { idle_->look(); });
      hypervisor_.set_activity_observer([this] { idle_->look(); });
      idle_->look();
    }
    hypervisor_.autostart();
  }

  void run() {
    for (bool over = false; !over;) {
      try {
        io_.run();
        over = true;
      } catch (
          const std::exception& error) {  // One connection's or one domain's trouble is not everybody's end
        log_error(text("internal error: {}", error.what()));
      }
    }
    for (const ListeningSocket& socket : sockets_) {
      if (!socket.path.empty()) {
        ::unlink(socket.path.c_str());
      }
    }
  }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](const std::error_code& error, int number) {
      if (error) {
        return;
      }
      if (number == SIGHUP) {
        reload();
        wait_for_signal();
        return;
      }
      log_info(text("signal {}: virtsevd ends; running guests go on", number));
      stop();
    });
  }

  void stop() {
    if (std::exchange(stopping_, true)) {
      return;
    }
    ::sd_notify(0, "STOPPING=1");
    asio::co_spawn(io_, hypervisor_.wind_up(), [this](const std::exception_ptr&) {
      // Answers that are on their way to clients go out first.
      asio::post(io_, [this] {
        server_.stop();
        io_.stop();
      });
    });
  }

  void reload() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    constexpr long kNsPerUs = 1000;
    constexpr long kUsPerSecond = 1000000;
    ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%ld", now.tv_sec * kUsPerSecond + now.tv_nsec / kNsPerUs);
    try {
      Configuration fresh = read_configuration(options_, layout_);
      if (fresh.platform != hypervisor_.configuration().platform) {
        log_warning(text("another platform counts from the next start of virtsevd on"));
        fresh.platform = hypervisor_.configuration().platform;
      }
      server_.set_limits(limits_of(fresh));
      hypervisor_.reconfigure(std::move(fresh));
      log_info(text("configuration read again"));
    } catch (const Error& error) {
      log_error(text("the configuration stays as it was: {}", error.what()));
    }
    ::sd_notify(0, "READY=1");
  }

  const Options& options_;
  const Layout& layout_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  Hypervisor hypervisor_;
  relay::Relay relay_;
  RemoteService service_;
  rpc::Server server_;
  std::vector<ListeningSocket> sockets_;
  std::optional<IdleExit> idle_;
  bool stopping_ = false;
};

// Each running domain takes some descriptors, each client one.
void lift_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

void run_daemon(const Options& options) {
  ::umask(022);
  lift_descriptor_limit();
  ::signal(SIGPIPE, SIG_IGN);
  set_log_level(options.verbose ? LogLevel::kInfo : LogLevel::kWarning);
  const Layout layout = choose_layout(options.root);
  const bool session = !options.root && !layout.system;
  UniqueFd report;
  if (options.background) {
    report = go_to_background();
  }
  if (options.root) {
    require_own_tree(*options.root, layout);
  }
  make_directories(layout);
  const PidFile program_lock(layout.pid_file);
  const PidFile driver_lock(layout.state + "/driver.pid");
  Program program(options, layout);
  program.serve(session);
  if (report) {
    report_ready(std::move(report));
  }
  ::sd_notify(0, "READY=1");
  log_info(text("virtsevd {} is ready at {}", VIRTSEV_VERSION, layout.socket()));
  program.run();
}

}  // namespace virtsev::daemon
