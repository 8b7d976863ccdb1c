// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain's definition, typed: what its XML says, with defaults filled in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain-xml/cpu_placement.hpp"
#include "domain-xml/device_definitions.hpp"
#include "domain-xml/network_plug.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/policy.hpp"
#include "sevcore/launch/protection.hpp"

namespace virtsev::domain_xml {

/// <on_poweroff>, <on_reboot>, <on_crash>. coredump-* and rename-restart are refused when parsed.
enum class LifecycleAction { kDestroy, kRestart, kPreserve };

struct OsDefinition {
  std::string machine;                       ///< Canonical: virtsev-q35-1.0
  std::string kernel, initrd, command_line;  ///< Absolute paths; empty: not given
  std::string loader;                        ///< Firmware: an absolute path; empty: none, or the host chooses
  friend bool operator==(const OsDefinition&, const OsDefinition&) = default;
};

struct LaunchSecurity {
  sevcore::Policy policy;
  std::optional<std::uint32_t> c_bit_position;
  std::optional<std::uint32_t> reduced_phys_bits;
  std::optional<bool> kernel_hashes;
  std::string dh_certificate;  ///< base64 as the user wrote it, white space aside; empty: none
  std::string session;
  friend bool operator==(const LaunchSecurity&, const LaunchSecurity&) = default;
};

struct DomainDefinition {
  std::string name;
  Uuid uuid{};
  std::string title, description;
  std::uint64_t memory_bytes = 0;          ///< <memory>, rounded up to 1 KiB as libvirt does
  std::uint64_t current_memory_bytes = 0;  ///< <currentMemory>
  std::uint32_t vcpus = 1;
  CpuPlacement cpu_placement;
  OsDefinition os;
  LifecycleAction on_poweroff = LifecycleAction::kDestroy;
  LifecycleAction on_reboot = LifecycleAction::kRestart;  ///< kDestroy by default for SEV-ES
  LifecycleAction on_crash = LifecycleAction::kDestroy;
  /// The document says what on_reboot is; else a site may say for SEV-ES guests (sev_es_reboot).
  bool reboot_chosen = false;
  std::vector<SerialPort> serials;  ///< At most one in machine 1.0
  std::vector<DiskDefinition> disks;
  std::vector<InterfaceDefinition> interfaces;
  std::vector<EntropyDefinition> entropy;
  std::optional<PanicDefinition> panic;
  std::optional<PortControllerDefinition> port_controller;  ///< There is one where there are ports
  std::vector<PortDefinition> ports;  ///< Consoles, then channels, each in the document's order
  std::vector<RootPortDefinition> root_ports;
  std::optional<LaunchSecurity> launch_security;
  bool unprotected_chosen = false;  ///< <virtsev:protection type='none'/>: its user wants no protection

  /// The whole document as it is written out, normalised: all that the typed fields above do not hold lives
  /// here alone.
  std::string document;

  /// Taken and kept, and nobody does it: "<cputune><quota>", "<clock start>". Each once, in the document's
  /// order.
  std::vector<std::string> not_used;
  /// Why no guest can be started from it, though it is taken: it asks for something without fail, or does not
  /// say yet what to boot. Empty: one can.
  std::string reason_against_start;
  friend bool operator==(const DomainDefinition&, const DomainDefinition&) = default;
};

/// What a running domain's XML shows in addition.
struct LiveState {
  int id = -1;
  std::string console_path;  ///< /dev/pts/N
  std::optional<std::uint32_t> c_bit_position, reduced_phys_bits;
  /// Of each port: its terminal or socket, and whether a program of the guest's has it open.
  struct Port {
    std::string path;
    bool open = false;
  };
  std::vector<Port> ports;        ///< In their order; none: not known
  std::vector<std::string> taps;  ///< Names of the interfaces' tap devices, in their order; empty: none
  std::map<std::uint8_t, NetworkPlug> network_ports;  ///< Of interfaces on libvirt's networks, by their slots
};

struct ParseOptions {
  bool validate_schema = false;    ///< --validate: against libvirt's own schema
  bool allow_unprotected = false;  ///< virtsevd.conf: a domain without <launchSecurity> is taken
  /// virtsevd.conf: what a document that says nothing of its protection gets: a <launchSecurity> with this
  /// policy. Nothing: it stays as it is.
  std::optional<sevcore::Policy> default_policy;
  std::string default_policy_from;  ///< The file that says so, for messages
  /// virtsevd.conf: screens, sound, USB and what goes with them are kept, and not given (Fate::kNamed);
  /// false: they are refused.
  bool headless = true;
  /// virtsevd.conf: an SEV-ES guest that reboots is launched again, so it may ask for that by <on_reboot>.
  bool sev_es_relaunch = false;
  /// A document that was taken before, by an older virtsevd maybe: values that no schema knows stay in it.
  bool stored = false;
  /// Of a running guest: the names of its devices stay, which libvirt gives when a domain starts.
  bool keep_aliases = false;
};

/// Parses, fills in defaults (a fresh UUID where none is given), and checks every rule that the XML alone
/// decides. Throws Error (kXmlError, kXmlInvalidSchema, kConfigUnsupported) with all problems of the document
/// in the order of their lines, each naming the element, its line, the reason and the cure.
DomainDefinition parse(const std::string& xml, const ParseOptions& options = {});

/// Whether a document says how its guest is protected: by <launchSecurity>, however it is spelt, or by
/// <virtsev:protection>. False for what is not XML.
bool says_protection(const std::string& xml);

/// Name and UUID of a document, whether or not its definition keeps the rules; nothing where it is not a
/// domain XML that has both. For stored files that no longer pass.
struct Identity {
  std::string name;
  Uuid uuid{};
};
std::optional<Identity> identity_of(const std::string& xml);

/// What can be read of a document that parse() refuses: every field that is good by itself, defaults for the
/// others, and the whole document where it is XML. No end of the guest restarts it. For a domain that runs
/// already; nothing may be launched from it.
DomainDefinition salvage(const std::string& xml, const Identity& identity);

/// How a guest of this definition is protected, with its owner's session. The one place where the XML's
/// policy becomes a kind of launch. An owner's element that is not base64, which parse() refuses, is empty
/// here.
sevcore::Protection protection_of(const DomainDefinition& definition);

/// True where the host can read the guest's memory: no launch security, or a policy without NODBG.
bool host_may_debug(const DomainDefinition& definition);

/// The XML of an inactive domain, or with `live` of a running one.
std::string format(const DomainDefinition& definition, const LiveState* live = nullptr);

/// A <metadata>, <title> or <description> changed: returns the new definition. `kind`: 0 description, 1
/// title, 2 element (virDomainMetadataType). An empty optional removes it. `key`: namespace prefix, `uri`:
/// namespace of the element.
DomainDefinition with_metadata(const DomainDefinition& definition, int kind,
                               const std::optional<std::string>& value, const std::string& key,
                               const std::string& uri);
/// Throws Error(kNoDomainMetadata) where there is none.
std::string metadata_of(const DomainDefinition& definition, int kind, const std::string& uri);
/// Single settings changed: throws Error where there can be no such, kInvalidArgument for numbers out of
/// range.
DomainDefinition with_vcpus(const DomainDefinition& definition, std::uint32_t count);
/// <cputune><vcpupin> and <emulatorpin>; without CPUs the element goes.
DomainDefinition with_vcpu_pin(const DomainDefinition& definition, std::uint32_t vcpu, const CpuSet& cpus);
DomainDefinition with_emulator_pin(const DomainDefinition& definition, const CpuSet& cpus);
/// <memory>; <currentMemory> is lowered to it where it is more.
DomainDefinition with_memory(const DomainDefinition& definition, std::uint64_t kib);
DomainDefinition with_current_memory(const DomainDefinition& definition, std::uint64_t kib);
/// `element`: on_poweroff, on_reboot or on_crash. `sev_es_relaunch`: as in ParseOptions.
DomainDefinition with_lifecycle_action(const DomainDefinition& definition, const char* element,
                                       const std::string& action, bool sev_es_relaunch);
DomainDefinition with_name(const DomainDefinition& definition, const std::string& name);

/// Why this can't be a domain's name: it becomes part of file names, and terminals show it. Empty: it can.
std::string reason_against_name(const std::string& name);

std::string format_uuid(const Uuid& uuid);
std::optional<Uuid> parse_uuid(const std::string& text);
Uuid random_uuid();

}  // namespace virtsev::domain_xml
