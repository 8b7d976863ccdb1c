// SPDX-License-Identifier: LGPL-2.1-or-later
// One domain: what it is by definition, and while it is active its run.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/jobs/job.hpp"
#include "driver/daemon/loop/job_queue.hpp"
#include "driver/daemon/run/run.hpp"
#include "driver/daemon/run/run_state.hpp"

namespace virtsev::daemon {

using DefinitionPtr = std::shared_ptr<const domain_xml::DomainDefinition>;

struct Domain {
  std::string name;
  Uuid uuid{};
  /// Inactive definition of a persistent domain; null: transient, or a stored file that no longer passes.
  DefinitionPtr definition;
  bool persistent = false;
  bool autostart = false;
  /// A stored file that no longer passes is listed all the same: what it holds, and what is wrong with it.
  std::string stored_xml, stored_problem;
  /// The UUID is not the file's: it says none, or another domain's. The next definition brings its own.
  bool made_up_uuid = false;

  RunState life = Off{0};    ///< Lifecycle::transition() alone changes it
  std::shared_ptr<Run> run;  ///< Null while Off
  /// What takes long of it: at most one thing at a time. Null: nothing. Only JobHold changes it.
  std::shared_ptr<Job> job;
  /// How the last run ended, where that was not asked for; a full sentence, or empty.
  std::string last_failure;

  /// Clients see it; false while its first definition is on its way to the disk.
  bool visible = false;
  /// Taken out of the list while somebody waited for his turn.
  bool removed = false;
  std::shared_ptr<JobQueue> jobs = std::make_shared<JobQueue>();

  [[nodiscard]] bool active() const { return run != nullptr; }
  [[nodiscard]] DomainState state() const { return shown(life); }
  [[nodiscard]] DomainHandle handle() const { return {name, uuid, run ? run->id : -1}; }
};

using DomainPtr = std::shared_ptr<Domain>;

}  // namespace virtsev::daemon
