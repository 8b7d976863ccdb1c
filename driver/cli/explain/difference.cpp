// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/difference.hpp"

#include <algorithm>

#include "sevcore/base/text.hpp"
#include "sevcore/launch/policy.hpp"
#include "sevcore/launch/snp_policy.hpp"

namespace virtsev::cli {
namespace {

const ExplainedStep* find(const PlanExplanation& in, const std::string& name) {
  const auto step =
      std::find_if(in.steps.begin(), in.steps.end(), [&](const ExplainedStep& s) { return s.name == name; });
  return step == in.steps.end() ? nullptr : &*step;
}

std::optional<DifferenceKind> compare(const ExplainedStep& here, const ExplainedStep& there) {
  if (here.address != there.address) {
    return DifferenceKind::kAddress;
  }
  if (here.size != there.size) {
    return DifferenceKind::kSize;
  }
  if (here.type != there.type) {
    return DifferenceKind::kType;
  }
  if (here.digest != there.digest) {
    return DifferenceKind::kBytes;
  }
  return std::nullopt;
}

/// A difference in one file's content, or in whether there is such a file.
void add_file_cause(std::vector<std::string>& out, const std::string& name, const PlanExplanation& here,
                    const PlanExplanation& there) {
  const ExplainedStep* mine = find(here, name);
  const ExplainedStep* other = find(there, name);
  if (mine == nullptr && other != nullptr) {
    out.push_back(text("{}: none here, {} there", name, other->origin));
  } else if (mine != nullptr && other == nullptr) {
    out.push_back(text("{}: {} here, none there", name, mine->origin));
  } else if (mine != nullptr && mine->digest != other->digest) {
    out.push_back(
        text("{}: the files' content differs: {} here, {} there", name, mine->origin, other->origin));
  }
}

/// SEV-SNP's launch digest is longer; its policy has another layout.
std::string describe_policy(const PlanExplanation& explanation) {
  return explanation.launch_digest.size() == 48
             ? sevcore::describe(sevcore::SnpPolicy(explanation.inputs.policy))
             : sevcore::describe(sevcore::Policy(static_cast<std::uint32_t>(explanation.inputs.policy)));
}

}  // namespace

std::optional<Difference> first_difference(const PlanExplanation& here, const PlanExplanation& there) {
  const std::size_t longest = std::max(here.steps.size(), there.steps.size());
  for (std::size_t i = 0; i < longest; ++i) {
    const ExplainedStep* mine = i < here.steps.size() ? &here.steps[i] : nullptr;
    const ExplainedStep* other = i < there.steps.size() ? &there.steps[i] : nullptr;
    if (mine != nullptr && (other == nullptr || find(there, mine->name) == nullptr)) {
      return Difference{DifferenceKind::kOnlyHere, i, mine, nullptr};
    }
    if (mine == nullptr || find(here, other->name) == nullptr) {
      return Difference{DifferenceKind::kOnlyThere, i, nullptr, other};
    }
    if (mine->name != other->name) {
      return Difference{DifferenceKind::kOnlyHere, i, mine, nullptr};  // The same steps in another order
    }
    if (const auto kind = compare(*mine, *other)) {
      return Difference{*kind, i, mine, other};
    }
  }
  return std::nullopt;
}

std::vector<std::string> causes(const PlanExplanation& here, const PlanExplanation& there) {
  std::vector<std::string> out;
  const Inputs& a = here.inputs;
  const Inputs& b = there.inputs;
  if (a.machine != b.machine) {
    out.push_back(text("machine: {} here, {} there", a.machine, b.machine));
  }
  if (a.memory_bytes != b.memory_bytes) {
    out.push_back(text("memory: {} KiB here, {} KiB there", a.memory_bytes / 1024, b.memory_bytes / 1024));
  }
  if (a.vcpus != b.vcpus) {
    out.push_back(text("number of vCPUs: {} here, {} there", a.vcpus, b.vcpus));
  }
  if (a.command_line != b.command_line) {
    out.push_back(text("command line: \"{}\" here, \"{}\" there", a.command_line, b.command_line));
  }
  add_file_cause(out, "firmware", here, there);
  add_file_cause(out, "kernel", here, there);
  add_file_cause(out, "initrd", here, there);
  if (a.policy != b.policy) {
    out.push_back(text("policy: {} here, {} there (not in the launch digest itself, but in the measurement)",
                       describe_policy(here), describe_policy(there)));
  }
  if (!a.vmsa.empty() && !b.vmsa.empty() && a.vmsa != b.vmsa) {
    out.push_back(text("vCPU state: as {} makes it here, as {} there (--vmsa)", a.vmsa, b.vmsa));
  }
  return out;
}

}  // namespace virtsev::cli
