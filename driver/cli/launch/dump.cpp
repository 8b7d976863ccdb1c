// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/launch/dump.hpp"

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
  if (!plan.encrypted_state) {
    return;
  }
  for (std::size_t number = 0; number < plan.vcpus.size(); ++number) {
    write_file(text("{}/vmsa{}.bin", directory, number),
               ByteView(sevcore::vmsa_page(plan.vcpus[number], plan.vmsa_flavour)), Readers::kEverybody);
  }
}

}  // namespace virtsev::cli
