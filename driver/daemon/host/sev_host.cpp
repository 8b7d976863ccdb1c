// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/sev_host.hpp"

#include <algorithm>

#include <fcntl.h>

#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/host/require_platform.hpp"
#include "driver/daemon/monitor/launch_files.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/host-check/host_check.hpp"
#include "sevcore/kernel/hardware_kernel.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"

namespace virtsev::daemon {
namespace {

// As virtsev-vmm chooses it for a simulated guest: one below what KVM's guests have as physical address bits,
// 47 at most.
std::uint32_t simulated_c_bit_position() {
  constexpr std::uint32_t kAddressSizes = 0x80000008;
  constexpr std::uint32_t kHighest = 47;
  const std::uint32_t bits = sevcore::host_cpuid(kAddressSizes).eax & 0xffU;
  return std::min(kHighest, bits > 0 ? bits - 1 : 0);
}

UniqueFd open_sev(int access) {
  UniqueFd device(::open("/dev/sev", access | O_CLOEXEC));
  if (!device) {
    throw Error(ErrorCode::kOperationUnsupported, text("cannot open /dev/sev: {}", error_text(errno)));
  }
  return device;
}

}  // namespace

SevFacts sev_facts(const Configuration& configuration, KnownSnp& snp) {
  SevFacts facts;
  if (configuration.platform == control::Platform::kSimulated) {
    const sevcore::SimulationSettings& settings = configuration.simulation;
    facts.sev = true;
    if (settings.snp_initialized != 0) {
      facts.es_problem = sevcore::describe({sevcore::es_beside_snp(std::nullopt)});
    }
    facts.es = settings.es_asids > 0 && facts.es_problem.empty();
    facts.c_bit_position = simulated_c_bit_position();
    facts.max_guests = settings.sev_asids;
    facts.max_es_guests = facts.es ? settings.es_asids : 0;
    return facts;
  }
  // Clients wait for this, and the firmware may be busy launching guests.
  sevcore::HostRoots roots;
  roots.ask_firmware = false;
  roots.read_snp = [&snp](sevcore::SevDevice& device) {
    const auto now = std::chrono::steady_clock::now();
    const bool initialized = snp.status && snp.status->initialized;
    if (!snp.asked || (!initialized && now - *snp.asked > KnownSnp::kFresh)) {
      snp = {sevcore::read_snp_status(device), now};
    }
    return snp.status;
  };
  const sevcore::HostCheck check = sevcore::check_host(roots);
  facts.sev = check.sev_usable();
  facts.es = check.es_usable();
  facts.c_bit_position = check.cpu.c_bit_position;
  facts.max_guests = check.asids.sev.total;
  facts.max_es_guests = facts.es ? check.asids.es.total : 0;
  facts.used = check.asids.sev.used;
  facts.used_es = check.asids.es.used;
  if (facts.sev && !facts.es) {
    facts.es_problem = sevcore::describe(check.es);
  }
  return facts;
}

sevcore::PlatformInformation read_platform_information(control::Platform platform, const Layout& layout) {
  if (platform == control::Platform::kSimulated) {
    sevcore::SimulatedPlatform simulated(open_platform_identity(layout));
    return sevcore::read_platform(*simulated.open_device());
  }
  const sevcore::HostCheck check = sevcore::check_host();
  if (!check.sev_usable()) {
    throw missing_on_host(check.sev);
  }
  sevcore::HardwareDevice reader(open_sev(O_RDONLY));
  if (sevcore::read_platform_status(reader).state != sevcore::PlatformState::kUninitialized) {
    return sevcore::read_platform(reader);
  }
  // Linux lets only those who may write make the platform ready, which the export needs
  // (drivers/crypto/ccp/sev-dev.c, sev_ioctl_do_pdh_export).
  sevcore::HardwareDevice writer(open_sev(O_RDWR));
  return sevcore::read_platform(writer);
}

std::string describe_asids(std::uint32_t total, std::optional<std::uint32_t> used, std::uint32_t own) {
  return used ? text("{} of {} in use, {} of them by this virtsevd's guests", *used, total, own)
              : text("{} of {} in use by this virtsevd's guests, others unknown", own, total);
}

std::vector<TypedParameter> sev_parameters(const SevFacts& facts,
                                           const sevcore::PlatformInformation& platform,
                                           const OwnGuests& own) {
  std::vector<TypedParameter> parameters = {{"pdh", to_base64(platform.pdh)},
                                            {"cert-chain", to_base64(platform.chain)}};
  if (!platform.chip_id.empty()) {
    // One socket's is what libvirt shows.
    constexpr std::size_t kIdBytes = 64;
    const std::size_t size = std::min(kIdBytes, platform.chip_id.size());
    parameters.push_back({"cpu0-id", to_base64(ByteView(platform.chip_id).first(size))});
  }
  parameters.push_back({"cbitpos", facts.c_bit_position});
  parameters.push_back({"reduced-phys-bits", facts.reduced_phys_bits});
  parameters.push_back({"max-guests", facts.max_guests});
  parameters.push_back({"max-es-guests", facts.max_es_guests});
  parameters.push_back({"virtsev-asids", describe_asids(facts.max_guests, facts.used, own.sev)});
  parameters.push_back({"virtsev-es-asids", describe_asids(facts.max_es_guests, facts.used_es, own.es)});
  if (!facts.es_problem.empty()) {
    parameters.push_back({"virtsev-es-problem", facts.es_problem});
  }
  return parameters;
}

}  // namespace virtsev::daemon
