// SPDX-License-Identifier: LGPL-2.1-or-later
// virDomainCoreDumpWithFormat: states and events are those of libvirt's QEMU driver. What waits holds no turn
// of the domain's, so whoever ends the guest meanwhile does not wait; the dump then ends with an error, as it
// does where virtsevd is stopped.
#include <algorithm>
#include <functional>
#include <utility>

#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/dump/core_file.hpp"
#include "driver/daemon/dump/core_writer.hpp"
#include "driver/daemon/dump/dump_request.hpp"
#include "driver/daemon/dump/elf_core.hpp"
#include "driver/daemon/files/unfinished_files.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using RunPtr = std::shared_ptr<Run>;
using TakeStep = std::function<void(const Step& step)>;

// What is in this process at once: enough for a disk, and few enough calls of a thread.
constexpr std::uint64_t kPieceBytes = 4U << 20;

Error guest_ended(const Domain& domain) {
  return {ErrorCode::kOperationAborted,
          text("the dump of domain '{}' was given up: the guest ended meanwhile", domain.name)};
}

Error daemon_ends(const Domain& domain) {
  return {ErrorCode::kOperationAborted,
          text("the dump of domain '{}' was given up, and nothing is left of its file: virtsevd is being "
               "stopped; dump it again when virtsevd is back",
               domain.name)};
}

Error aborted_by_client(const Domain& domain) {
  return {ErrorCode::kOperationAborted,
          text("the dump of domain '{}' was given up, as was asked for (`virsh domjobabort`)", domain.name)};
}

CoreWriter::WriteFile writer_of(const Context& context) {
  if (context.configuration.write_core_file) {
    return context.configuration.write_core_file;
  }
  return [unfinished = UnfinishedFiles(context.layout.unfinished())](const std::string& path,
                                                                     std::uint64_t size, UniqueFd peer) {
    write_core_file(path, size, std::move(peer), unfinished);
  };
}

// One dump of one run; its domain's job as long as it is there.
class Dump {
 public:
  Dump(Lifecycle& lifecycle, Context& context, std::shared_ptr<DumpsUnderWay> under_way, DomainPtr domain,
       RunPtr run, TakeStep take_step, bool live)
      : lifecycle_(lifecycle),
        context_(context),
        under_way_(std::move(under_way)),
        domain_(std::move(domain)),
        run_(std::move(run)),
        monitor_(run_->monitor),
        take_step_(std::move(take_step)),
        live_(live),
        given_up_(std::make_shared<Latch>(context.io.get_executor())),
        grace_(context.io),
        writer_(context.io, context.user_files, writer_of(context)) {
    require_guest_and_daemon();
    if (domain_->job) {
      throw Error(ErrorCode::kResourceBusy,
                  text("domain '{}' is being dumped already; wait until that is done", domain_->name));
    }
    job_ =
        std::make_shared<Job>(context.io.get_executor(), Job::Kind::kDump,
                              live ? Job::Beside::kAll : Job::Beside::kAllButResume, [this] { give_up(); });
    hold_.emplace(domain_->job, job_);
    monitor_->ended().also_fire(given_up_);
    under_way_->begin();
  }
  ~Dump() { under_way_->end(); }
  Dump(const Dump&) = delete;
  Dump& operator=(const Dump&) = delete;

  /// All of it, up to the file on the disk.
  asio::awaitable<void> write(std::string file) {
    co_await look();
    const std::uint64_t headers = core_headers_size(ranges_.size(), vcpus_);
    co_await writer_.open(file, headers + memory_bytes_, *given_up_);
    log_info(text("domain '{}': its memory is dumped to '{}'", domain_->name, file));
    if (!live_) {
      co_await pause();
    }
    std::vector<control::VcpuRegisters> registers;
    for (std::uint32_t vcpu = 0; vcpu < vcpus_; ++vcpu) {
      const control::VcpuRegisters read = co_await lifecycle_.read_registers(domain_, vcpu);
      require_same_run();
      registers.push_back(read);
    }
    Job::Progress progress{0, memory_bytes_};
    job_->set_progress(progress);
    const Bytes before = core_headers(ranges_, registers);
    co_await writer_.write(before);
    for (const auto& range : ranges_) {
      for (std::uint64_t done = 0; done < range.size;) {
        const auto size = static_cast<std::uint32_t>(std::min(kPieceBytes, range.size - done));
        const Bytes piece = co_await lifecycle_.read_memory(domain_, control::AddressKind::kPhysical,
                                                            range.start + done, size);
        require_same_run();
        co_await writer_.write(piece);
        done += size;
        progress.done += size;
        job_->set_progress(progress);
      }
    }
    co_await writer_.finish();
    require_guest_and_daemon();  // Asked to give it up only now, it is whole all the same
  }

  /// Lets a guest run again that was paused for the dump.
  asio::awaitable<void> resume() {
    if (!paused_) {
      co_return;
    }
    const auto queue = domain_->jobs;
    const auto turn = co_await queue->take();
    if (!same_run() || !stands_still_for_dump()) {
      co_return;
    }
    std::exception_ptr failure;
    try {
      control::Request request = control::Resume{};
      co_await ask(std::move(request));
    } catch (const Error&) {
      failure = std::current_exception();
    }
    if (!same_run()) {
      co_return;
    }
    if (failure) {
      take_step_(step::Pause{VIR_DOMAIN_PAUSED_UNKNOWN, VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR});
      std::rethrow_exception(failure);
    }
    take_step_(step::Resume{VIR_DOMAIN_RUNNING_UNPAUSED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED});
  }

  /// Nothing is left of a file that is half written.
  asio::awaitable<void> abandon() { co_await writer_.abandon(); }

  /// A client asked for that; its file may be whole all the same by then.
  [[nodiscard]] bool aborted() const { return job_->aborted(); }

  [[nodiscard]] bool same_run() const {
    return domain_->run == run_ && run_->monitor == monitor_ && monitor_ && !monitor_->over();
  }

 private:
  bool stands_still_for_dump() const {
    const DomainState state = domain_->state();
    return state.state == VIR_DOMAIN_PAUSED && state.reason == VIR_DOMAIN_PAUSED_DUMP;
  }

  void require_guest_and_daemon() const {
    if (!same_run()) {
      throw guest_ended(*domain_);
    }
    if (under_way_->stopping()) {
      throw daemon_ends(*domain_);
    }
  }

  void require_same_run() const {
    require_guest_and_daemon();
    if (job_->aborted()) {
      throw aborted_by_client(*domain_);
    }
  }

  // The thread has its file's end by the end of its socket, and removes it. One that waits for a server that
  // is gone is left behind.
  void give_up() {
    constexpr std::chrono::seconds kGrace{2};
    writer_.interrupt();
    grace_.expires_after(kGrace);
    grace_.async_wait([given_up = given_up_](const std::error_code& error) {
      if (!error) {
        given_up->fire();
      }
    });
  }

  // What there is to dump, and first of all whether the guest's policy lets the host.
  asio::awaitable<void> look() {
    control::MemoryRanges memory = co_await lifecycle_.list_memory(domain_);
    require_same_run();
    ranges_ = std::move(memory.ranges);
    memory_bytes_ = check_memory_ranges(ranges_, run_->definition->memory_bytes);
    const control::Status status = co_await lifecycle_.query(domain_);
    require_same_run();
    vcpus_ = static_cast<std::uint32_t>(status.vcpu_time_ns.size());
    try {
      co_await lifecycle_.read_registers(domain_, 0);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOperationUnsupported) {
        throw;
      }
      vcpus_ = 0;  // SEV-ES: nobody can read them
    }
    require_same_run();
  }

  asio::awaitable<void> pause() {
    const auto queue = domain_->jobs;
    const auto turn = co_await queue->take();
    require_same_run();
    if (domain_->state().state != VIR_DOMAIN_RUNNING) {
      co_return;
    }
    // Where virtsevd is killed before the step, the next one knows by the file why the guest stands still.
    lifecycle_.save_status(domain_, DomainState{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_DUMP});
    std::exception_ptr failure;
    try {
      control::Request request = control::Pause{};
      co_await ask(std::move(request));
    } catch (const Error&) {
      failure = std::current_exception();
    }
    if (failure) {
      if (same_run()) {
        lifecycle_.save_status(domain_);
      }
      std::rethrow_exception(failure);
    }
    require_same_run();
    paused_ = true;
    take_step_(step::Pause{VIR_DOMAIN_PAUSED_DUMP, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED});
  }

  asio::awaitable<void> ask(control::Request request) {
    const auto monitor = monitor_;
    const std::chrono::seconds limit(context_.configuration.request_timeout_seconds);
    co_await monitor->request(std::move(request), limit);
  }

  Lifecycle& lifecycle_;
  Context& context_;
  const std::shared_ptr<DumpsUnderWay> under_way_;  ///< A dump may end after its lifecycle
  const DomainPtr domain_;
  const RunPtr run_;
  const std::shared_ptr<Monitor> monitor_;
  const TakeStep take_step_;
  const bool live_;
  const std::shared_ptr<Latch> given_up_;
  asio::steady_timer grace_;
  CoreWriter writer_;
  std::shared_ptr<Job> job_;
  std::optional<JobHold> hold_;
  std::vector<control::MemoryRanges::Range> ranges_;
  std::uint64_t memory_bytes_ = 0;
  std::uint32_t vcpus_ = 0;  ///< Whose registers can be read
  bool paused_ = false;
};

}  // namespace

// Memory is read by its physical addresses, and taken for private (DBG_DECRYPT). Pages that an SEV guest
// shares with its host come out as nonsense, as a physical address does not say which these are.
asio::awaitable<void> Lifecycle::core_dump(DomainPtr domain, std::string file, std::uint32_t format,
                                           std::uint32_t flags) {
  require_active(*domain);  // As for every other question about a guest's run
  check_dump_request(file, format, flags);
  const RunPtr run = co_await debuggable(domain, kDebuggerVersion);
  TakeStep take_step = [this, domain](const Step& step) { transition(domain, step); };
  Dump dump(*this, context_, dumps_, domain, run, std::move(take_step), (flags & VIR_DUMP_LIVE) != 0);
  std::exception_ptr failure;
  try {
    co_await dump.write(file);
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure && !dump.same_run()) {
    // How that broke the dump off tells nobody why.
    failure = std::make_exception_ptr(guest_ended(*domain));
  } else if (failure && dump.aborted()) {
    failure = std::make_exception_ptr(aborted_by_client(*domain));
  }
  if (!failure && (flags & VIR_DUMP_CRASH) != 0) {
    const auto queue = domain->jobs;
    const auto turn = co_await queue->take();
    if (dump.same_run()) {
      transition(domain, step::End{Ending::For::kCrash});
      co_await stop_monitor(domain, run);
      stop(domain, run, {VIR_DOMAIN_SHUTOFF_CRASHED, {}, text("ended after its dump, as asked for")});
    }
    co_return;
  }
  try {
    co_await dump.resume();
  } catch (const Error&) {
    failure = failure ? failure : std::current_exception();
  }
  co_await dump.abandon();
  if (failure) {
    std::rethrow_exception(failure);
  }
}

asio::awaitable<void> Lifecycle::end_dumps() {
  // Who waits for a monitor or for a disk that does not answer is left behind: nothing is lost by it.
  constexpr std::chrono::seconds kLimit{10};
  co_await dumps_->stop(kLimit);
}

}  // namespace virtsev::daemon
