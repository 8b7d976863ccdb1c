// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/explanation.hpp"

#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/launch_digest.hpp"

namespace virtsev::cli {
namespace {

/// For scripts too, so never translated.
std::string name_of(sevcore::PageType type) {
  switch (type) {
    case sevcore::PageType::kNormal:
      return "normal";
    case sevcore::PageType::kVmsa:
      return "vmsa";
    case sevcore::PageType::kZero:
      return "zero";
    case sevcore::PageType::kUnmeasured:
      return "unmeasured";
    case sevcore::PageType::kSecrets:
      return "secrets";
    case sevcore::PageType::kCpuid:
      return "cpuid";
  }
  return "unknown";
}

Inputs inputs_of(const ExpectedLaunch& launch) {
  const spec::Machine& guest = launch.guest();
  Inputs inputs;
  inputs.machine = launch.machine();
  inputs.memory_bytes = guest.memory_bytes;
  inputs.vcpus = guest.vcpus;
  inputs.policy = sevcore::policy_value(guest.protection);
  inputs.command_line = launch.payload() != nullptr ? launch.payload()->command_line : "";
  if (const auto flavour = sevcore::flavour_of(guest.protection)) {
    inputs.vmsa = word_for(*flavour);
  }
  return inputs;
}

ExplainedStep explain(const sevcore::PlanStep& step, const ExpectedLaunch& launch,
                      sevcore::RunningDigest& running) {
  sevcore::crypto::Sha256 own;
  running.add(step, [&own](ByteView piece) { own.update(piece); });
  ExplainedStep explained;
  explained.name = step.name;
  explained.origin = step.vcpu != nullptr ? launch.machine() : step.origin;
  if (step.address) {
    explained.address = step.address->value();
  }
  explained.size = step.size;
  explained.type = name_of(step.type);
  explained.digest = own.digest();
  explained.running = running.value();
  return explained;
}

}  // namespace

PlanExplanation explain(const ExpectedLaunch& launch) {
  PlanExplanation explanation;
  explanation.inputs = inputs_of(launch);
  sevcore::RunningDigest running(launch.plan.protection);
  for (const sevcore::PlanStep& step : sevcore::steps_of(launch.plan)) {
    explanation.steps.push_back(explain(step, launch, running));
  }
  explanation.unmeasured = unmeasured(launch);
  explanation.secret = launch.plan.secret;
  explanation.launch_digest = running.value();
  return explanation;
}

}  // namespace virtsev::cli
