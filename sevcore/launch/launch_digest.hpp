// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch digest, as the firmware computes it: SEV and SEV-ES, SHA-256 over all measured bytes in order
// (SEV API, LAUNCH_MEASURE); SEV-SNP, SHA-384 page by page, with type and address (snp_digest.hpp).
#pragma once

#include <functional>
#include <variant>

#include "sevcore/base/bytes.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/plan_steps.hpp"
#include "sevcore/launch/snp_digest.hpp"

namespace virtsev::sevcore {

/// A digest of the steps so far. Copies of it go on by themselves.
class RunningDigest {
 public:
  explicit RunningDigest(const Protection& protection);
  /// Reads the step once, and takes of it what is measured; `also` sees all of its bytes, measured or not.
  /// Throws Error where a file can't be read.
  void add(const PlanStep& step, const std::function<void(ByteView)>& also = {});
  /// 32 bytes for SEV and SEV-ES, 48 for SEV-SNP.
  [[nodiscard]] Bytes value() const;

 private:
  std::variant<crypto::Sha256, SnpDigest> digest_;
};

/// Of the whole plan.
Bytes launch_digest(const LaunchPlan& plan);

}  // namespace virtsev::sevcore
