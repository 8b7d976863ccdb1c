// SPDX-License-Identifier: LGPL-2.1-or-later
// Interrupts and doorbells without KVM: keeps what it is told.
#pragma once

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "driver/vmm/interrupts/doorbell.hpp"
#include "driver/vmm/interrupts/interrupts.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::vmm::test {

class FakeInterrupts : public InterruptController, public DoorbellController {
 public:
  struct Line {
    bool level = false;
    int rises = 0;
  };

  void set_line(std::uint32_t gsi, bool level) override {
    EXPECT_NE(lines[gsi].level, level) << "line " << gsi << " was set without a change";
    lines[gsi].level = level;
    lines[gsi].rises += level ? 1 : 0;
  }
  bool set_routes(std::span<const Route> wanted) override {
    for (const Route& route : wanted) {
      if (route.message.address == refused_address) {
        return false;
      }
    }
    routes.assign(wanted.begin(), wanted.end());
    return true;
  }
  void connect(std::uint32_t gsi, int event) override {
    if (refuses_to_connect) {
      throw Error(ErrorCode::kInternal, "refused");
    }
    EXPECT_TRUE(connected.emplace(gsi, event).second) << gsi;
  }
  void disconnect(std::uint32_t gsi, int event) override {
    EXPECT_EQ(connected.at(gsi), event);
    connected.erase(gsi);
  }
  bool add(const DoorbellPlace& place, int event) override {
    return place.address != refused_address && doorbells.emplace(place.address, event).second;
  }
  void remove(const DoorbellPlace& place, int event) override {
    EXPECT_EQ(doorbells.at(place.address), event);
    doorbells.erase(place.address);
  }

  std::map<std::uint32_t, Line> lines;
  std::vector<Route> routes;
  std::map<std::uint32_t, int> connected;
  std::map<std::uint64_t, int> doorbells;
  std::uint64_t refused_address = ~0ULL;
  bool refuses_to_connect = false;
};

}  // namespace virtsev::vmm::test
