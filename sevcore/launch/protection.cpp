// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/protection.hpp"

#include <utility>

namespace virtsev::sevcore {

Protection make_protection(Policy policy, LaunchOwner owner, VmsaFlavour flavour) {
  if (policy.has(PolicyBit::kEs)) {
    return SevEs{policy, std::move(owner), flavour};
  }
  return Sev{policy, std::move(owner), flavour};
}

std::string name_of(const Protection& protection) {
  static constexpr const char* kNames[] = {"unprotected", "SEV", "SEV-ES", "SEV-SNP"};
  static_assert(std::variant_size_v<Protection> == std::size(kNames));
  return kNames[protection.index()];
}

bool is_protected(const Protection& protection) { return !std::holds_alternative<Unprotected>(protection); }

bool encrypts_state(const Protection& protection) {
  return std::holds_alternative<SevEs>(protection) || std::holds_alternative<Snp>(protection);
}

std::optional<Policy> policy_of(const Protection& protection) {
  if (const auto* sev = std::get_if<Sev>(&protection)) {
    return sev->policy;
  }
  if (const auto* es = std::get_if<SevEs>(&protection)) {
    return es->policy;
  }
  return std::nullopt;
}

std::uint64_t policy_value(const Protection& protection) {
  if (const auto* snp = std::get_if<Snp>(&protection)) {
    return snp->policy.value();
  }
  return policy_of(protection).value_or(Policy()).value();
}

const LaunchOwner& owner_of(const Protection& protection) {
  static const LaunchOwner kNobody;
  if (const auto* sev = std::get_if<Sev>(&protection)) {
    return sev->owner;
  }
  const auto* es = std::get_if<SevEs>(&protection);
  return es != nullptr ? es->owner : kNobody;
}

Protection without_owner(Protection protection) {
  if (auto* sev = std::get_if<Sev>(&protection)) {
    sev->owner = {};
  } else if (auto* es = std::get_if<SevEs>(&protection)) {
    es->owner = {};
  }
  return protection;
}

std::optional<VmsaFlavour> flavour_of(const Protection& protection) {
  const auto* es = std::get_if<SevEs>(&protection);
  return es != nullptr ? std::optional(es->flavour) : std::nullopt;
}

VmsaFlavour interface_of(const Protection& protection) {
  const auto* sev = std::get_if<Sev>(&protection);
  return sev != nullptr ? sev->flavour : flavour_of(protection).value_or(VmsaFlavour::kInit2);
}

Protection with_flavour(Protection protection, VmsaFlavour flavour) {
  if (auto* sev = std::get_if<Sev>(&protection)) {
    sev->flavour = flavour;
  } else if (auto* es = std::get_if<SevEs>(&protection)) {
    es->flavour = flavour;
  }
  return protection;
}

}  // namespace virtsev::sevcore
