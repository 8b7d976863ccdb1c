// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/run/guest_mode.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace virtsev::vmm {

bool shutdown_may_be_einval(std::string_view release) {
  constexpr std::pair<unsigned, unsigned> kTellsOtherwise{6, 7};
  std::array<unsigned, 2> version{};
  for (unsigned& part : version) {
    const auto [rest, error] = std::from_chars(release.data(), release.data() + release.size(), part);
    if (error != std::errc()) {
      return true;
    }
    release.remove_prefix(std::min<std::size_t>(release.size(), rest - release.data() + 1));
  }
  return std::pair(version[0], version[1]) < kTellsOtherwise;
}

void NativeMode::read_register(Vcpu& vcpu, std::uint32_t /*id*/) { vcpu.run_area().msr.error = 1; }

std::optional<GuestEnd> NativeMode::write_register(Vcpu& vcpu, std::uint32_t /*id*/) {
  vcpu.run_area().msr.error = 1;
  return std::nullopt;
}

}  // namespace virtsev::vmm
