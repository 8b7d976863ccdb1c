// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sstream>

#include "driver/daemon/host/capabilities.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/xml_escape.hpp"

namespace virtsev::daemon {
namespace {

void check_query(const CapabilitiesInput& input, const DomainCapabilitiesQuery& query) {
  if (query.type && *query.type != "kvm") {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: domain type '{}' is not supported; write type='kvm'", *query.type));
  }
  if (query.arch && *query.arch != "x86_64") {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("invalid argument: architecture '{}' is not supported; SEV guests are x86_64", *query.arch));
  }
  if (query.machine && *query.machine != machine::kAlias && *query.machine != machine::kQ35_1_0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("invalid argument: machine '{}' is not supported; write '{}'", *query.machine, machine::kAlias));
  }
  if (query.emulator && *query.emulator != input.emulator) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: emulator '{}' is not supported; leave it out, or write '{}'",
                     *query.emulator, input.emulator));
  }
}

/// A comment ends at two hyphens.
std::string in_comment(std::string words) {
  for (std::size_t at = words.find("--"); at != std::string::npos; at = words.find("--")) {
    words.replace(at, 2, "-");
  }
  return words;
}

void write_sev(std::ostream& out, const SevFacts& sev) {
  if (!sev.sev) {
    out << "    <sev supported='no'/>\n    <launchSecurity supported='no'/>\n";
    return;
  }
  out << "    <sev supported='yes'>\n      <cbitpos>" << sev.c_bit_position
      << "</cbitpos>\n      <reducedPhysBits>" << sev.reduced_phys_bits
      << "</reducedPhysBits>\n      <maxGuests>" << sev.max_guests << "</maxGuests>\n";
  if (sev.es) {  // virt-install takes the element alone for SEV-ES being there, whatever its number is
    out << "      <maxESGuests>" << sev.max_es_guests << "</maxESGuests>\n";
  } else if (!sev.es_problem.empty()) {  // libvirt's schema has no element for it
    out << "      <!-- SEV-ES: " << in_comment(sev.es_problem) << " -->\n";
  }
  out << "    </sev>\n    <launchSecurity supported='yes'>\n      <enum name='sectype'>\n        "
         "<value>sev</value>\n"
      << "      </enum>\n    </launchSecurity>\n";
}

struct Choice {
  const char* name;
  std::initializer_list<const char*> values;
};

void write_choice(std::ostream& out, const std::string& indent, const Choice& choice) {
  out << indent << "<enum name='" << choice.name << "'>\n";
  for (const char* value : choice.values) {
    out << indent << "  <value>" << value << "</value>\n";
  }
  out << indent << "</enum>\n";
}

void write_device(std::ostream& out, const char* device, std::initializer_list<Choice> choices) {
  out << "    <" << device << " supported='yes'>\n";
  for (const Choice& choice : choices) {
    write_choice(out, "      ", choice);
  }
  out << "    </" << device << ">\n";
}

/// virt-install asks for UEFI by firmware='efi' where that is told.
void write_os(std::ostream& out) {
  out << "  <os supported='yes'>\n";
  write_choice(out, "    ", {"firmware", {"efi"}});
  out << "    <loader supported='yes'>\n";
  for (const Choice& choice :
       {Choice{"type", {"rom", "pflash"}}, Choice{"readonly", {"yes"}}, Choice{"secure", {"no"}}}) {
    write_choice(out, "      ", choice);
  }
  out << "    </loader>\n  </os>\n";
}

/// In the order of libvirt's schema.
void write_devices(std::ostream& out) {
  const auto no = [&out](std::initializer_list<const char*> devices) {
    for (const char* device : devices) {
      out << "    <" << device << " supported='no'/>\n";
    }
  };
  write_device(out, "disk",
               {{"diskDevice", {"disk", "cdrom"}},
                {"bus", {"virtio"}},
                {"model", {"virtio", "virtio-non-transitional"}}});
  no({"graphics", "video", "hostdev"});
  write_device(out, "rng",
               {{"model", {"virtio", "virtio-non-transitional"}}, {"backendModel", {"random", "builtin"}}});
  no({"filesystem", "tpm", "redirdev"});
  write_device(out, "channel", {{"type", {"pty", "unix"}}});
}

}  // namespace

std::string domain_capabilities_xml(const CapabilitiesInput& input, const DomainCapabilitiesQuery& query) {
  check_query(input, query);
  std::ostringstream out;
  // Clients compare path and machine with what the domain's XML says, so the answer repeats the canonical
  // machine.
  out << "<domainCapabilities>\n  <path>" << escape_xml(input.emulator)
      << "</path>\n  <domain>kvm</domain>\n  <machine>" << machine::kQ35_1_0
      << "</machine>\n  <arch>x86_64</arch>\n  <vcpu max='" << machine::kLimits.vcpus << "'/>\n"
      << "  <iothreads supported='no'/>\n";
  write_os(out);
  out << "  <cpu>\n    <mode name='host-passthrough' supported='yes'>\n      <enum "
         "name='hostPassthroughMigratable'>\n"
      << "        <value>off</value>\n      </enum>\n    </mode>\n    <mode name='maximum' supported='no'/>\n"
      << "    <mode name='host-model' supported='no'/>\n    <mode name='custom' supported='no'/>\n  </cpu>\n"
      << "  <memoryBacking supported='yes'>\n    <enum name='sourceType'>\n      <value>memfd</value>\n    "
         "</enum>\n"
      << "  </memoryBacking>\n  <devices>\n";
  write_devices(out);
  out << "  </devices>\n  <features>\n    <gic supported='no'/>\n    <vmcoreinfo supported='no'/>\n"
      << "    <genid supported='no'/>\n    <backingStoreInput supported='no'/>\n    <backup "
         "supported='no'/>\n";
  write_sev(out, input.sev);
  out << "  </features>\n</domainCapabilities>\n";
  return out.str();
}

}  // namespace virtsev::daemon
