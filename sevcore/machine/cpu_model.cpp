// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/machine/cpu_model.hpp"

#include <algorithm>
#include <charconv>

namespace virtsev::machine {
namespace {

struct Model {
  std::string_view name;
  unsigned versions;  ///< As many as QEMU and sev-snp-measure know: -v1, -v2, ...
  std::uint32_t signature;
};

/// Family above 15, as AMD's CPUID specification (25481, Fn0000_0001_EAX) writes it.
constexpr std::uint32_t signature(std::uint32_t family, std::uint32_t model, std::uint32_t stepping) {
  return (family - 15) << 20 | (model >> 4) << 16 | 0xfU << 8 | (model & 15) << 4 | stepping;
}

constexpr Model kModels[] = {
    {"EPYC", 5, signature(23, 1, 2)},        {"EPYC-IBPB", 0, signature(23, 1, 2)},
    {"EPYC-Rome", 5, signature(23, 49, 0)},  {"EPYC-Milan", 3, signature(25, 1, 1)},
    {"EPYC-Genoa", 2, signature(25, 17, 0)}, {"EPYC-Turin", 1, signature(26, 0, 0)},
};
static_assert(kModels[0].signature == 0x800f12 && kModels[4].signature == 0xa10f10);

bool names(const Model& model, std::string_view text) {
  if (text.substr(0, model.name.size()) != model.name) {
    return false;
  }
  text.remove_prefix(model.name.size());
  if (text.empty()) {
    return true;
  }
  unsigned version = 0;
  if (text.size() != 3 || text.substr(0, 2) != "-v") {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), version);
  return error == std::errc() && end == text.data() + text.size() && version >= 1 &&
         version <= model.versions;
}

}  // namespace

std::optional<std::uint32_t> signature_of(std::string_view model) {
  const auto* found =
      std::find_if(std::begin(kModels), std::end(kModels), [&](const Model& m) { return names(m, model); });
  return found == std::end(kModels) ? std::nullopt : std::optional(found->signature);
}

std::string known_models() {
  std::string list;
  for (const Model& model : kModels) {
    list += (list.empty() ? "" : ", ") + std::string(model.name);
  }
  return list;
}

}  // namespace virtsev::machine
