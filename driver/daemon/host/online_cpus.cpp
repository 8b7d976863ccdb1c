// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/online_cpus.hpp"

#include <algorithm>
#include <iterator>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

std::string online_cpus() { return read_small("/sys/devices/system/cpu/online"); }

void require_online(const domain_xml::CpuSet& cpus, const std::string& online, const std::string& element) {
  const std::optional<domain_xml::CpuSet> there = domain_xml::parse_cpu_set(online);
  if (cpus.empty() || !there) {
    return;
  }
  domain_xml::CpuSet both;
  std::set_intersection(cpus.begin(), cpus.end(), there->begin(), there->end(), std::back_inserter(both));
  if (both.empty()) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("{} names the CPUs {}, and this host has {} online; change it", element,
                     domain_xml::format_cpu_set(cpus), domain_xml::format_cpu_set(*there)));
  }
}

void require_online(const domain_xml::CpuPlacement& placement, const std::string& online) {
  require_online(placement.everything, online, "<vcpu cpuset>");
  require_online(placement.emulator, online, "<cputune><emulatorpin>");
  for (const auto& [vcpu, cpus] : placement.vcpus) {
    require_online(cpus, online, text("<cputune><vcpupin vcpu='{}'>", vcpu));
  }
}

}  // namespace virtsev::daemon
