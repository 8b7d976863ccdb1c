// SPDX-License-Identifier: LGPL-2.1-or-later
// From the owner's options to the launch plan: the same steps as virtsevd and the monitor take.
#pragma once

#include <string>
#include <vector>

#include "driver/cli/expected/launch_options.hpp"
#include "driver/spec-from-xml/opened_machine.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::cli {

/// A plan, and what it was made from. Moving it keeps the plan's borrowed descriptors valid.
struct ExpectedLaunch {
  spec::OpenedMachine opened;
  sevcore::LaunchPlan plan;
  std::vector<std::string> remarks = {};  ///< What its owner should know of it, for people
  bool variables_of_host = false;         ///< Firmware that reads variables which the host keeps
  bool vmsa_assumed = false;              ///< SEV-ES without --vmsa: made as init2 makes it

  [[nodiscard]] const spec::Machine& guest() const { return opened.machine; }
  /// Null: direct boot, as virtsev starts it.
  [[nodiscard]] const spec::FirmwareBoot* firmware() const;
  /// Null: the firmware finds its kernel itself.
  [[nodiscard]] const spec::Payload* payload() const { return spec::payload_of(guest().boot); }
  /// For scripts: the machine's version, or "qemu" where QEMU starts the guest through firmware.
  [[nodiscard]] std::string machine() const;
};

/// Throws Error naming the option, element or file at fault.
ExpectedLaunch expect_launch(const LaunchOptions& options);

/// A launch digest that fits this launch, and the --vmsa that makes it; empty where there is nothing to
/// choose.
struct Prediction {
  std::string vmsa;
  ByteArray<32> digest{};
};

/// One; where --vmsa was not given for SEV-ES, both that there are: which of them a host makes is its
/// kernel's affair, and both are the owner's own. Throws Error for SEV-SNP, whose guests report themselves.
std::vector<Prediction> predictions(const ExpectedLaunch& launch);

/// --vmsa's word for it: "init2" or "legacy".
std::string word_for(sevcore::VmsaFlavour flavour);
/// The digest of the same launch as another kind of host makes it.
Prediction with_flavour(const ExpectedLaunch& launch, sevcore::VmsaFlavour flavour);

}  // namespace virtsev::cli
