// SPDX-License-Identifier: LGPL-2.1-or-later
// How a guest is protected: one value, made once from its definition, and carried whole. Whoever needs to
// know which launch applies asks it, never a bit of the policy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/policy.hpp"
#include "sevcore/launch/snp_policy.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::sevcore {

/// The session that a guest's owner gave for LAUNCH_START; both empty: a launch without owner.
struct LaunchOwner {
  Bytes dh_certificate;  ///< The owner's Diffie-Hellman certificate
  Bytes session;         ///< 128 bytes
  friend bool operator==(const LaunchOwner&, const LaunchOwner&) = default;
};

/// An ordinary guest.
struct Unprotected {
  friend bool operator==(const Unprotected&, const Unprotected&) = default;
};

/// Memory is encrypted; the host sees and sets registers.
struct Sev {
  Policy policy;
  LaunchOwner owner;
  /// Which of the kernel's interfaces launches it; nothing that is measured depends on it.
  VmsaFlavour flavour = VmsaFlavour::kInit2;
  friend bool operator==(const Sev&, const Sev&) = default;
};

/// Memory and registers are encrypted; the vCPUs' first registers are measured.
struct SevEs {
  Policy policy;
  LaunchOwner owner;
  VmsaFlavour flavour = VmsaFlavour::kInit2;
  friend bool operator==(const SevEs&, const SevEs&) = default;
};

/// Memory is measured page by page, with its addresses, and protected from being exchanged. Predicted only:
/// virtsev starts no such guest.
struct Snp {
  SnpPolicy policy;
  /// SEV_FEATURES of the VMSA (AMD APM volume 2, 15.36): bit 0, SNP, is always set.
  std::uint64_t features = kDefaultFeatures;
  static constexpr std::uint64_t kDefaultFeatures = 1;
  friend bool operator==(const Snp&, const Snp&) = default;
};

using Protection = std::variant<Unprotected, Sev, SevEs, Snp>;

/// The one place that asks a policy whether it is SEV's or SEV-ES's.
Protection make_protection(Policy policy, LaunchOwner owner = {}, VmsaFlavour flavour = VmsaFlavour::kInit2);

/// "unprotected", "SEV", "SEV-ES", "SEV-SNP": the field's names, never translated.
std::string name_of(const Protection& protection);

/// False for an ordinary guest only.
bool is_protected(const Protection& protection);
/// Whether the vCPUs' registers are encrypted, and their first ones measured: SEV-ES and SEV-SNP.
bool encrypts_state(const Protection& protection);

/// SEV's and SEV-ES's policy; nothing for the others.
std::optional<Policy> policy_of(const Protection& protection);
/// The policy's bits, whichever it is; 0 for an ordinary guest.
std::uint64_t policy_value(const Protection& protection);
/// SEV's and SEV-ES's owner; nobody for the others.
const LaunchOwner& owner_of(const Protection& protection);

/// The same protection without its owner: what may be told of a guest.
Protection without_owner(Protection protection);

/// How a measured VMSA is filled; nothing where only one way exists, or there is none: SEV-ES has two.
std::optional<VmsaFlavour> flavour_of(const Protection& protection);
/// Which of the kernel's interfaces launches it; kInit2 where there is only one.
VmsaFlavour interface_of(const Protection& protection);
/// The same protection, launched by another interface of the kernel; no change where there is no choice.
Protection with_flavour(Protection protection, VmsaFlavour flavour);

}  // namespace virtsev::sevcore
