// SPDX-License-Identifier: LGPL-2.1-or-later
// What the connection can do, as XML: the host (virConnectGetCapabilities), and a domain on it
// (virConnectGetDomainCapabilities).
#pragma once

#include <optional>
#include <string>

#include "driver/daemon/host/cpu_topology.hpp"
#include "driver/daemon/host/sev_host.hpp"

namespace virtsev::daemon {

/// The processor by CPUID.
struct CpuIdentity {
  std::string vendor;  ///< libvirt's name: AMD, Intel; empty: another
  std::uint32_t family = 0, model = 0, stepping = 0;
};
CpuIdentity read_cpu_identity();

struct CapabilitiesInput {
  std::string host_uuid;
  std::string emulator;  ///< Path of virtsev-vmm
  CpuIdentity cpu;
  HostTopology topology;
  SevFacts sev;
};

/// Valid by libvirt's capability.rng.
std::string capabilities_xml(const CapabilitiesInput& input);

/// What a client may ask for; nothing: the default. Valid by libvirt's domaincaps.rng (that of 10.5 and
/// later).
struct DomainCapabilitiesQuery {
  std::optional<std::string> emulator, arch, machine, type;
};
/// Throws Error(kInvalidArgument) for what this driver does not have.
std::string domain_capabilities_xml(const CapabilitiesInput& input, const DomainCapabilitiesQuery& query);

/// The host's UUID: `configured`, else the mainboard's, else one made from the machine id.
std::string host_uuid(const std::string& configured);

}  // namespace virtsev::daemon
