// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as what `virtsev explain --json` has saved: refused, or a plan that is the same after it was
// written and read again, can be compared, and drawn.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "driver/cli/explain/difference.hpp"
#include "driver/cli/explain/drawing.hpp"
#include "driver/cli/explain/saved.hpp"
#include "driver/cli/io/json.hpp"
#include "sevcore/base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtsev;
  try {
    const cli::PlanExplanation plan = cli::read_saved({reinterpret_cast<const char*>(data), size}, "saved");
    const std::string written = cli::to_json(plan).dump();
    const cli::PlanExplanation again = cli::read_saved(written, "written");
    // Twice under one name, steps are told apart by their first.
    static_cast<void>(cli::causes(plan, again));
    const auto difference = cli::first_difference(plan, cli::PlanExplanation{});
    static_cast<void>(cli::draw(plan, difference ? &*difference : nullptr, "differs"));
    if (cli::to_json(again).dump() != written) {
      std::abort();
    }
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
