// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/launch_digest.hpp"

namespace virtsev::sevcore {

RunningDigest::RunningDigest(const Protection& protection) {
  if (std::holds_alternative<Snp>(protection)) {
    digest_ = SnpDigest();
  }
}

void RunningDigest::add(const PlanStep& step, const std::function<void(ByteView)>& also) {
  auto* snp = std::get_if<SnpDigest>(&digest_);
  auto* sha = std::get_if<crypto::Sha256>(&digest_);
  if (snp != nullptr) {
    snp->begin(step.type, step.address);
  }
  read_step(step, [&](ByteView piece) {
    if (also) {
      also(piece);
    }
    if (snp != nullptr) {
      snp->update(piece);
    } else if (step.measured) {
      sha->update(piece);
    }
  });
}

Bytes RunningDigest::value() const {
  if (const auto* snp = std::get_if<SnpDigest>(&digest_)) {
    return {snp->value().begin(), snp->value().end()};
  }
  const ByteArray<32> digest = std::get<crypto::Sha256>(digest_).digest();
  return {digest.begin(), digest.end()};
}

Bytes launch_digest(const LaunchPlan& plan) {
  RunningDigest digest(plan.protection);
  for (const PlanStep& step : steps_of(plan)) {
    digest.add(step);
  }
  return digest.value();
}

}  // namespace virtsev::sevcore
