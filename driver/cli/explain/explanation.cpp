// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/explanation.hpp"

#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

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
  const spec::BootSpecification& specification = launch.specification;
  Inputs inputs;
  inputs.machine = launch.machine();
  inputs.memory_bytes = specification.memory_bytes;
  inputs.vcpus = specification.vcpus;
  inputs.policy = specification.policy;
  inputs.command_line = specification.command_line;
  if (launch.plan.encrypted_state) {
    inputs.vmsa = specification.vmsa_flavour == spec::VmsaFlavour::kInit2 ? "init2" : "legacy";
  }
  return inputs;
}

Step step_of(const sevcore::Region& region, sevcore::crypto::Sha256& running) {
  sevcore::crypto::Sha256 own;
  const bool measured = region.type != sevcore::PageType::kUnmeasured;
  sevcore::read_region(region, [&](ByteView piece) {
    own.update(piece);
    if (measured) {
      running.update(piece);
    }
  });
  return {region.name,          region.origin, region.address.value(), region.size,
          name_of(region.type), own.digest(),  running.digest()};
}

Step step_of(const sevcore::VcpuState& vcpu, std::size_t number, const ExpectedLaunch& launch,
             sevcore::crypto::Sha256& running) {
  const ByteArray<4096> page = sevcore::vmsa_page(vcpu, launch.plan.vmsa_flavour);
  running.update(page);
  // A name that the comparison and scripts rely on: the regions' names are not translated either.
  return {"VMSA of vCPU " + std::to_string(number),
          launch.machine(),
          std::nullopt,
          page.size(),
          name_of(sevcore::PageType::kVmsa),
          sevcore::crypto::sha256(page),
          running.digest()};
}

}  // namespace

Explanation explain(const ExpectedLaunch& launch) {
  const sevcore::LaunchPlan& plan = launch.plan;
  Explanation explanation;
  explanation.inputs = inputs_of(launch);
  sevcore::crypto::Sha256 running;
  for (const sevcore::Region& region : plan.regions) {
    explanation.steps.push_back(step_of(region, running));
  }
  for (std::size_t number = 0; plan.encrypted_state && number < plan.vcpus.size(); ++number) {
    explanation.steps.push_back(step_of(plan.vcpus[number], number, launch, running));
  }
  explanation.unmeasured = unmeasured(launch);
  explanation.secret = plan.secret;
  explanation.launch_digest = running.digest();
  return explanation;
}

}  // namespace virtsev::cli
