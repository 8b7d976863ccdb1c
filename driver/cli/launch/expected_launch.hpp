// SPDX-License-Identifier: LGPL-2.1-or-later
// From the owner's options to the launch plan: the same steps as virtsevd and the monitor take.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/boot/ovmf/compose.hpp"
#include "driver/cli/launch/launch_options.hpp"
#include "driver/spec/boot_specification.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::cli {

/// A plan, and what it was made from. Moving it keeps the plan's borrowed descriptors valid.
struct ExpectedLaunch {
  spec::BootSpecification specification;
  UniqueFd kernel;
  UniqueFd initrd;
  sevcore::LaunchPlan plan;
  std::optional<boot::ovmf::Firmware> firmware = {};  ///< None: direct boot, as virtsev starts it
  UniqueFd firmware_image = {};
  std::vector<std::string> remarks = {};  ///< What its owner should know of it, for people
  bool variables_of_host = false;         ///< Firmware that reads variables which the host keeps
  bool vmsa_assumed = false;              ///< SEV-ES without --vmsa: made as init2 makes it

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
/// kernel's affair, and both are the owner's own.
std::vector<Prediction> predictions(const ExpectedLaunch& launch);

/// The same launch as another kind of host makes it. The descriptors stay with `launch`.
sevcore::LaunchPlan with_flavour(const ExpectedLaunch& launch, spec::VmsaFlavour flavour);

}  // namespace virtsev::cli
