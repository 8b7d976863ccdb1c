// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/plan_steps.hpp"

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

bool is_measured(const Region& region, const Protection& protection) {
  // SEV-SNP measures of a page of type UNMEASURED that it is there, and where.
  return std::holds_alternative<Snp>(protection) ||
         (is_protected(protection) && region.type != PageType::kUnmeasured);
}

PlanStep step_of(const Region& region, const Protection& protection) {
  if (region.type == PageType::kVmsa) {
    throw Error(ErrorCode::kInternal,
                text("the launch plan's region {} is a VMSA; these are made from the vCPUs", region.name));
  }
  return {region.type,    region.name, region.origin,
          region.address, region.size, is_measured(region, protection),
          &region};
}

ByteArray<4096> vmsa_of(const VcpuState& vcpu, const Protection& protection) {
  if (const auto* snp = std::get_if<Snp>(&protection)) {
    return vmsa_page(vcpu, VmsaFlavour::kInit2, snp->features);
  }
  return vmsa_page(vcpu, flavour_of(protection).value_or(VmsaFlavour::kInit2));
}

}  // namespace

std::vector<PlanStep> steps_of(const LaunchPlan& plan) {
  std::vector<PlanStep> steps;
  for (const Region& region : plan.regions) {
    steps.push_back(step_of(region, plan.protection));
  }
  if (encrypts_state(plan.protection)) {
    for (std::size_t number = 0; number < plan.vcpus.size(); ++number) {
      steps.push_back({PageType::kVmsa, "VMSA of vCPU " + std::to_string(number), "", std::nullopt, kPageSize,
                       true, nullptr, &plan.vcpus[number], &plan.protection});
    }
  }
  return steps;
}

void read_step(const PlanStep& step, const std::function<void(ByteView)>& piece) {
  if (step.region != nullptr) {
    read_region(*step.region, piece);
  } else {
    piece(vmsa_of(*step.vcpu, *step.protection));
  }
}

std::uint64_t measured_bytes(const LaunchPlan& plan) {
  std::uint64_t sum = 0;
  for (const PlanStep& step : steps_of(plan)) {
    sum += step.measured && step.region != nullptr ? step.size : 0;
  }
  return sum;
}

}  // namespace virtsev::sevcore
