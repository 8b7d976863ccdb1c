// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/kind.hpp"

namespace virtsev::daemon::relay {

const char* scheme_of(Kind kind) {
  constexpr std::array<const char*, kKinds> kSchemes = {"network", "storage",   "nodedev",
                                                        "secret",  "interface", "nwfilter"};
  return kSchemes[static_cast<std::size_t>(kind)];
}

std::vector<Place> places_of(Kind kind, const std::string& directory, bool read_only) {
  std::vector<Place> places;
  for (const std::string& daemon : {"virt" + std::string(scheme_of(kind)) + "d", std::string("libvirt")}) {
    const std::string socket = directory + "/" + daemon + "-sock";
    if (read_only) {
      places.push_back({socket + "-ro", true});
    }
    places.push_back({socket, false});
  }
  return places;
}

}  // namespace virtsev::daemon::relay
