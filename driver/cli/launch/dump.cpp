// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/dump.hpp"

#include <unistd.h>

#include "driver/cli/files.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

void dump(const sevcore::LaunchPlan& plan, const std::string& directory) {
  make_directory(directory);
  {
    NewFile regions(directory + "/regions.bin", Readers::kEverybody);
    for (const sevcore::Region& region : plan.regions) {
      if (region.type != sevcore::PageType::kUnmeasured) {
        sevcore::read_region(region, [&](ByteView piece) { regions.write(piece); });
      }
    }
    regions.finish();
  }
  const std::size_t count = plan.encrypted_state ? plan.vcpus.size() : 0;
  const auto path = [&](std::size_t number) { return text("{}/vmsa{}.bin", directory, number); };
  for (std::size_t number = 0; number < count; ++number) {
    write_file(path(number), ByteView(sevcore::vmsa_page(plan.vcpus[number], plan.vmsa_flavour)),
               Readers::kEverybody);
  }
  // A guest with more vCPUs, dumped here before, would else be hashed with this one.
  for (std::size_t number = count; ::unlink(path(number).c_str()) == 0; ++number) {
  }
}

}  // namespace virtsev::cli
