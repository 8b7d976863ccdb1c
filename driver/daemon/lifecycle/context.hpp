// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parts of the daemon share: the loop, the places, the settings, the domains.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/domains/domain_list.hpp"
#include "driver/daemon/files/definition_store.hpp"
#include "driver/daemon/files/layout.hpp"
#include "driver/daemon/host/platform_inquiry.hpp"
#include "driver/daemon/loop/patient_calls.hpp"
#include "driver/daemon/loop/worker_pool.hpp"
#include "driver/daemon/platform/firmware_turns.hpp"

namespace virtsev::daemon {

/// Of a step in a domain's life: nothing is done yet; its status file is written or removed; clients were
/// told.
enum class TransitionMoment { kBefore, kSaved, kTold };

struct Context {
  Context(asio::io_context& loop, Layout places, Configuration settings)
      : io(loop),
        layout(std::move(places)),
        configuration(std::move(settings)),
        user_files(loop),
        platform(loop, kPlatformFresh),
        firmware_turns(loop.get_executor()),
        store(layout) {}

  /// Long enough for many clients at once, too short for a person who has just changed the platform.
  static constexpr std::chrono::seconds kPlatformFresh{2};

  asio::io_context& io;
  const Layout layout;
  Configuration configuration;  ///< A reload replaces it; what has started keeps what it started with
  WorkerPool pool;
  PatientCalls user_files;  ///< Where they lie, and whether that answers, is their owners' affair
  PlatformInquiry platform;
  FirmwareTurns firmware_turns;
  const DefinitionStore store;
  DomainList domains;
  std::function<void(const DomainEvent&)> sink;
  std::function<void()> on_inactive;  ///< A domain has become inactive
  /// For tests: called in the midst of each step of a domain, by the step's name. Empty in virtsevd.
  std::function<void(const Domain&, const char* step, TransitionMoment)> observe_transition;

  void emit(const DomainHandle& domain, std::int32_t event, std::int32_t detail) const {
    if (sink) {
      sink(DomainEvent{domain, LifecycleEvent{event, detail}});
    }
  }
  void emit(DomainEvent event) const {
    if (sink) {
      sink(event);
    }
  }
};

}  // namespace virtsev::daemon
