// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/expected/dump.hpp"

#include <unistd.h>

#include "driver/cli/io/files.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/launch/plan_steps.hpp"

namespace virtsev::cli {

void dump(const sevcore::LaunchPlan& plan, const std::string& directory) {
  make_directory(directory);
  const auto path = [&](std::size_t number) { return text("{}/vmsa{}.bin", directory, number); };
  OutputFile regions(directory + "/regions.bin", Readers::kEverybody);
  std::size_t count = 0;
  for (const sevcore::PlanStep& step : sevcore::steps_of(plan)) {
    if (step.vcpu != nullptr) {
      sevcore::read_step(step, [&](ByteView page) { write_file(path(count++), page, Readers::kEverybody); });
    } else if (step.measured) {
      sevcore::read_step(step, [&](ByteView piece) { regions.write(piece); });
    }
  }
  regions.finish();
  // A guest with more vCPUs, dumped here before, would else be hashed with this one.
  for (std::size_t number = count; ::unlink(path(number).c_str()) == 0; ++number) {
  }
}

}  // namespace virtsev::cli
