// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/diagnosis.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

using sevcore::FirmwareVersion;
using sevcore::Policy;

/// Bits 0-5: all that a policy says but for the API version.
constexpr std::uint32_t kNamedBits = 0x3f;

constexpr unsigned kLastBuild = 255;
constexpr unsigned kLastUsualBuild = 47;

/// Calls `try_one` with every API version of SEV so far, and some to come, until it says true; with builds up
/// to `last_build`.
template <typename TryOne>
std::optional<FirmwareVersion> find_firmware(unsigned last_build, TryOne try_one) {
  for (unsigned api = 0; api < 2 * 64; ++api) {
    for (unsigned build = 0; build <= last_build; ++build) {
      const FirmwareVersion firmware = {static_cast<std::uint8_t>(api >> 6),
                                        static_cast<std::uint8_t>(api & 63),
                                        static_cast<std::uint8_t>(build)};
      if (try_one(firmware)) {
        return firmware;
      }
    }
  }
  return std::nullopt;
}

/// The same for policies: `policy` first, then every other set of its named bits.
template <typename TryOne>
std::optional<Policy> find_policy(Policy policy, TryOne try_one) {
  if (try_one(policy)) {
    return policy;
  }
  for (std::uint32_t bits = 0; bits <= kNamedBits; ++bits) {
    const Policy other((policy.value() & ~kNamedBits) | bits);
    if (other.value() != policy.value() && try_one(other)) {
      return other;
    }
  }
  return std::nullopt;
}

bool fits(const Mismatch& mismatch, Policy policy, const FirmwareVersion& firmware,
          const ByteArray<32>& digest) {
  return sevcore::measure(mismatch.tik, {firmware, policy, digest}, mismatch.measurement.mnonce) ==
         mismatch.measurement;
}

bool any_fits(const Mismatch& mismatch, Policy policy, const FirmwareVersion& firmware) {
  for (const ByteArray<32>& digest : mismatch.digests) {
    if (fits(mismatch, policy, firmware, digest)) {
      return true;
    }
  }
  return false;
}

std::string name(const FirmwareVersion& firmware) {
  return text("{}.{} build {}", firmware.api_major, firmware.api_minor, firmware.build);
}

Diagnosis policy_fault(const Mismatch& mismatch, Policy policy,
                       const std::optional<FirmwareVersion>& firmware) {
  const Policy expected = mismatch.expected.policy;
  if (firmware && *firmware != mismatch.expected.firmware) {
    return {Fault::kPolicy,
            text("the policy, and the firmware's version: the guest was started with {}, you expect {}; the "
                 "firmware is {}; all else fits",
                 sevcore::describe(policy), sevcore::describe(expected), name(*firmware))};
  }
  return {Fault::kPolicy, text("the policy: the guest was started with {}, you expect {}; all else fits",
                               sevcore::describe(policy), sevcore::describe(expected))};
}

/// One input that, changed, makes it fit, or policy and firmware version together.
std::optional<Diagnosis> find_in_launch(const Mismatch& mismatch) {
  const auto& [expected_firmware, expected_policy, unused] = mismatch.expected;
  const FirmwareVersion firmware = expected_firmware;
  const Policy policy = expected_policy;
  if (const auto other = find_policy(policy, [&](Policy one) { return any_fits(mismatch, one, firmware); })) {
    return policy_fault(mismatch, *other, std::nullopt);
  }
  if (const auto other = find_firmware(
          kLastBuild, [&](const FirmwareVersion& one) { return any_fits(mismatch, policy, one); })) {
    return Diagnosis{Fault::kApi, text("the firmware's version: it is {}; all else fits", name(*other))};
  }
  if (mismatch.other_vmsa && fits(mismatch, policy, firmware, mismatch.other_vmsa->digest)) {
    return Diagnosis{Fault::kVmsa, text("the vCPUs' initial state: this host makes it as --vmsa {} says; all "
                                        "else fits",
                                        mismatch.other_vmsa->name)};
  }
  return std::nullopt;
}

/// Policy and firmware version, both wrong: a second of work with the builds that there have been so far.
std::optional<Diagnosis> find_both(const Mismatch& mismatch) {
  std::optional<Policy> policy;
  const auto firmware = find_firmware(kLastUsualBuild, [&](const FirmwareVersion& one) {
    policy =
        find_policy(mismatch.expected.policy, [&](Policy other) { return any_fits(mismatch, other, one); });
    return policy.has_value();
  });
  return firmware ? std::optional(policy_fault(mismatch, *policy, firmware)) : std::nullopt;
}

/// The policy that a session was made for; nothing where its MAC is not of this TIK.
std::optional<Policy> session_policy(const Mismatch& mismatch) {
  const auto is_of = [&](Policy policy) {
    return sevcore::is_session_of(*mismatch.session, mismatch.tik, policy);
  };
  if (const auto found = find_policy(mismatch.expected.policy, is_of)) {
    return found;
  }
  // With another least API version in its upper bits.
  std::optional<Policy> policy;
  for (std::uint32_t api = 0; api < 2 * 64 && !policy; ++api) {
    policy = find_policy(Policy((api & 1) << 16 | (api >> 1) << 24), is_of);
  }
  return policy;
}

Diagnosis diagnose_with_session(const Mismatch& mismatch) {
  const auto policy = session_policy(mismatch);
  if (!policy) {
    return {Fault::kTik,
            text("the TIK: it is not the one that this session was made with; give the tik.bin that was "
                 "written beside it")};
  }
  if (*policy == mismatch.expected.policy) {
    return {Fault::kDigest,
            text("the digest: TIK and policy are those of the session, and no firmware version fits, so the "
                 "guest was not made from these files and values (or it was started with another session). "
                 "Compare kernel, initrd, command line, memory and vCPUs with what the host has")};
  }
  // The platform starts no guest with another policy than its session's.
  const auto firmware =
      find_firmware(kLastBuild, [&](const FirmwareVersion& one) { return any_fits(mismatch, *policy, one); });
  if (firmware) {
    return policy_fault(mismatch, *policy, firmware);
  }
  return {Fault::kPolicy,
          text("the policy: the session was made for {}, you expect {}; something else does not fit either",
               sevcore::describe(*policy), sevcore::describe(mismatch.expected.policy))};
}

}  // namespace

const char* word(Fault fault) {
  switch (fault) {
    case Fault::kPolicy:
      return "policy";
    case Fault::kApi:
      return "api";
    case Fault::kTik:
      return "tik";
    case Fault::kDigest:
      return "digest";
    case Fault::kVmsa:
      return "vmsa";
    case Fault::kTikOrDigest:
      break;
  }
  return "tik-or-digest";
}

Diagnosis diagnose(const Mismatch& mismatch) {
  if (const auto found = find_in_launch(mismatch)) {
    return *found;
  }
  if (mismatch.session) {
    return diagnose_with_session(mismatch);
  }
  if (const auto found = find_both(mismatch)) {
    return *found;
  }
  return {Fault::kTikOrDigest,
          text("neither policy nor firmware version is at fault, so the guest was not made from these files "
               "and values, or the TIK is of another session (--session FILE tells which). Compare kernel, "
               "initrd, command line, memory and vCPUs with what the host has")};
}

}  // namespace virtsev::cli
