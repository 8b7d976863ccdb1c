// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/boot/golden/describe.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "sevcore/launch/launch_digest.hpp"

namespace virtsev::boot::test {
namespace {

std::string hex(ByteView bytes, const char* separator) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : separator, byte);
  }
  return text;
}

std::string dump(ByteView bytes, std::uint64_t address) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const ByteView line = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
    if (std::any_of(line.begin(), line.end(), [](std::uint8_t byte) { return byte != 0; })) {
      text += fmt::format("{:08x}: {}\n", address + at, hex(line, " "));
    }
  }
  return text;
}

}  // namespace

std::string describe(const sevcore::LaunchPlan& plan) {
  std::string out = "# Every measured byte of the boot structures; lines of zeros are left out.\n";
  for (const sevcore::Region& region : plan.regions) {
    out += fmt::format("region {:#x} size {:#x} type {} {}\n", region.address.value(), region.size,
                       static_cast<unsigned>(region.type), region.name);
    if (const auto* bytes = std::get_if<Bytes>(&region.content)) {
      out += dump(*bytes, region.address.value());
    } else {
      const auto& range = std::get<sevcore::FileRange>(region.content);
      out += fmt::format("file offset {:#x} length {:#x}\n", range.offset, range.length);
    }
  }
  for (const sevcore::PlanStep& step : sevcore::steps_of(plan)) {
    if (step.vcpu != nullptr) {
      out += step.name + "\n";
      sevcore::read_step(step, [&out](ByteView page) { out += dump(page, 0); });
    }
  }
  out += fmt::format("secret {:#x} size {:#x}\n", plan.secret.address.value(), plan.secret.size);
  out += fmt::format("launch digest {}\n", hex(launch_digest(plan), ""));
  return out;
}

}  // namespace virtsev::boot::test
