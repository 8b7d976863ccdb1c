// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/capabilities.hpp"

#include <sstream>

#include "driver/daemon/files/read_file.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/xml_escape.hpp"
#include "sevcore/host-check/host_check.hpp"

namespace virtsev::daemon {
namespace {

void write_cell(std::ostream& out, const HostCell& cell) {
  out << "        <cell id='" << cell.number << "'>\n          <memory unit='KiB'>" << cell.memory_kib
      << "</memory>\n          <cpus num='" << cell.cpus.size() << "'>\n";
  for (const HostCpu& cpu : cell.cpus) {
    out << "            <cpu id='" << cpu.number << "' socket_id='" << cpu.socket << "' die_id='" << cpu.die
        << "' cluster_id='" << cpu.cluster << "' core_id='" << cpu.core << "' siblings='"
        << escape_xml(cpu.siblings) << "'/>\n";
  }
  out << "          </cpus>\n        </cell>\n";
}

void write_cpu(std::ostream& out, const CpuIdentity& cpu, const HostTopology& topology) {
  const NodeInfo node = node_info_of(topology);
  out << "    <cpu>\n      <arch>x86_64</arch>\n";
  if (!cpu.vendor.empty()) {
    out << "      <vendor>" << cpu.vendor << "</vendor>\n";
  }
  if (cpu.family > 0) {
    out << "      <signature family='" << cpu.family << "' model='" << cpu.model << "' stepping='"
        << cpu.stepping << "'/>\n";
  }
  out << "      <topology sockets='" << node.sockets << "' dies='1' cores='" << node.cores << "' threads='"
      << node.threads << "'/>\n    </cpu>\n";
}

}  // namespace

CpuIdentity read_cpu_identity() {
  CpuIdentity identity;
  const sevcore::CpuidLeaf vendor = sevcore::host_cpuid(0);
  constexpr std::uint32_t kAuthenticAmd = 0x68747541;  // "Auth" in EBX
  constexpr std::uint32_t kGenuineIntel = 0x756e6547;  // "Genu"
  identity.vendor = vendor.ebx == kAuthenticAmd ? "AMD" : vendor.ebx == kGenuineIntel ? "Intel" : "";
  // CPUID Fn0000_0001 EAX (AMD APM volume 3): the extended fields count where the base ones are full.
  const std::uint32_t eax = sevcore::host_cpuid(1).eax;
  identity.stepping = eax & 0xfU;
  identity.family = eax >> 8 & 0xfU;
  identity.model = eax >> 4 & 0xfU;
  if (identity.family == 0xf || (identity.family == 6 && identity.vendor == "Intel")) {
    identity.model |= (eax >> 16 & 0xfU) << 4;
  }
  if (identity.family == 0xf) {
    identity.family += eax >> 20 & 0xffU;
  }
  return identity;
}

std::string host_uuid(const std::string& configured) {
  if (!configured.empty()) {
    return configured;
  }
  const std::string board = read_small("/sys/class/dmi/id/product_uuid");
  constexpr std::size_t kUuidText = 36;
  if (const auto uuid = domain_xml::parse_uuid(board.substr(0, kUuidText))) {
    return domain_xml::format_uuid(*uuid);
  }
  const std::string machine = read_small("/etc/machine-id");
  constexpr std::size_t kMachineIdDigits = 32;
  if (const auto bytes = from_hex(std::string_view(machine).substr(0, kMachineIdDigits));
      bytes && bytes->size() == 16) {
    Uuid uuid{};
    std::copy(bytes->begin(), bytes->end(), uuid.begin());
    return domain_xml::format_uuid(uuid);
  }
  return {};
}

std::string capabilities_xml(const CapabilitiesInput& input) {
  std::ostringstream out;
  out << "<capabilities>\n\n  <host>\n";
  if (!input.host_uuid.empty()) {
    out << "    <uuid>" << escape_xml(input.host_uuid) << "</uuid>\n";
  }
  write_cpu(out, input.cpu, input.topology);
  out << "    <topology>\n      <cells num='" << input.topology.cells.size() << "'>\n";
  for (const HostCell& cell : input.topology.cells) {
    write_cell(out, cell);
  }
  out << "      </cells>\n    </topology>\n  </host>\n\n";
  // The alias stands first: virt-manager takes the first machine for a new guest.
  out << "  <guest>\n    <os_type>hvm</os_type>\n    <arch name='x86_64'>\n      <wordsize>64</wordsize>\n"
      << "      <emulator>" << escape_xml(input.emulator) << "</emulator>\n"
      << "      <machine canonical='" << machine::kQ35_1_0 << "' maxCpus='" << machine::kLimits.vcpus << "'>"
      << machine::kAlias << "</machine>\n"
      << "      <machine maxCpus='" << machine::kLimits.vcpus << "'>" << machine::kQ35_1_0 << "</machine>\n"
      << "      <domain type='kvm'/>\n    </arch>\n"
      << "    <features>\n      <acpi default='on' toggle='no'/>\n      <apic default='on' toggle='no'/>\n   "
         " </features>\n"
      << "  </guest>\n\n</capabilities>\n";
  return out.str();
}

}  // namespace virtsev::daemon
