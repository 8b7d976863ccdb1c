// SPDX-License-Identifier: LGPL-2.1-or-later
// The control protocol between virtsevd and virtsev-vmm: what is said. How it is laid out: codec.hpp; how it
// travels: channel.hpp.
//
// One stream socket; the monitor has the listening end and accepts one peer at a time, the newest winning.
// The peer sends Hello first. Each request has a serial, and exactly one reply with the same serial; the
// monitor sends events at any time after Hello. Structures only ever grow at their end, and a reader ignores
// bytes after the fields it knows: so every daemon speaks every version since 1.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "driver/spec/machine.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::control {

/// 1: the first. 2: ReadMemory, Status::console_silent. 3: ReadMemory::vcpu, WriteMemory, ReadRegisters,
/// WriteRegisters, ListMemory. 4: Start::simulated in place of Start::platform_state; FirmwareWanted,
/// GrantFirmware and FirmwareDone; OpenConsole; Progress. 5: Start carries a whole machine, and is another
/// message. 6: SetLink. 7: a machine's ports and its panic device; Start::keeps_panicked, OpenConsole::port,
/// Status::ports; RunState::kPanicked, EndReason::kPanicked, Panicked. 8: AttachDevice, DetachDevice,
/// DeviceRemoved, Status::plugged; a machine's root ports.
inline constexpr std::uint32_t kProtocolVersion = 8;
/// The first one in which devices come and go while the guest runs.
inline constexpr std::uint32_t kHotPlugVersion = 8;
/// The first version whose Start a monitor of this one takes: a machine is started by a daemon and a monitor
/// of one version, all else works across them.
inline constexpr std::uint32_t kFirstStartVersion = 5;
/// A message's length is bounded so that no peer makes the other one grow.
inline constexpr std::uint32_t kMaxMessageBytes = 1U << 20;
/// Descriptors beside a message: those of every device that a machine can have, and its own. The kernel takes
/// 253 (SCM_MAX_FD).
inline constexpr std::size_t kMaxDescriptors =
    16 + machine::kLimits.devices * spec::kMaxDeviceFiles + spec::kMaxPortFiles;
static_assert(kMaxDescriptors <= 253);
/// The most that one ReadMemory gives, and that one WriteMemory takes; whoever wants more asks again.
inline constexpr std::uint32_t kMaxMemoryRead = 256U << 10;
inline constexpr std::uint32_t kMaxMemoryWrite = 64U << 10;

enum class Platform : std::uint32_t { kHardware = 1, kSimulated = 2 };

/// Where a monitor's guest stands.
enum class RunState : std::uint32_t {
  kEmpty = 0,   ///< No Start yet
  kPaused = 1,  ///< Launched; vCPUs stand still
  kRunning = 2,
  kEnded = 3,     ///< The guest is gone; the monitor is about to exit
  kPanicked = 4,  ///< Since version 7: its vCPUs stand still, as it said that it panicked; Resume is possible
};

/// Why a guest ended.
enum class EndReason : std::uint32_t {
  kDestroyed = 1,  ///< Quit was asked for
  kPoweroff = 2,   ///< The guest switched itself off through ACPI
  kReset = 3,      ///< The guest asked for a reset
  kPanic = 4,      ///< The guest stopped for good: triple fault
  kError = 5,      ///< KVM or the monitor failed; text says how
  kPanicked = 6,   ///< Since version 7: the guest's kernel said that it panicked (pvpanic)
};

// -- requests
// -------------------------------------------------------------------------------------------------------------------------

struct Hello {
  std::uint32_t version =
      kProtocolVersion;  ///< The newest that the sender speaks; the lower one of both holds
};

/// Since version 4: what a guest of the simulated platform has of it.
struct SimulatedGrant {
  std::uint32_t asid = 0;  ///< The guest's; 0: the sender is of an earlier version
  int asid_lock = -1;      ///< A locked file: kept open, so that nobody else gets the ASID
  // The platform's settings (sevcore/simulated/simulation_settings.hpp)
  std::uint32_t es_asids = 0;
  std::uint32_t sev_asids = 0;
  std::uint32_t firmware_delay_ms_per_mib = 0;
  std::uint32_t snp_initialized = 0;
};

/// Makes the machine, loads and launches it up to LAUNCH_MEASURE; the vCPUs stay still. The descriptors
/// travel with the message (codec.hpp); -1: none.
struct Start {
  spec::Machine machine;  ///< Its descriptors: the sender's open files; the receiver's received ones
  Platform platform = Platform::kSimulated;
  std::optional<std::uint32_t> c_bit_position;  ///< What the definition says; must be the host's
  std::string name;                             ///< The domain's, for messages
  std::uint32_t console_timeout_seconds =
      20;                      ///< From each resume to the first byte of the serial port; 0: no timer
  int kvm = -1;                ///< /dev/kvm
  int sev = -1;                ///< /dev/sev, hardware only
  int platform_identity = -1;  ///< Simulated only: lib/platform/identity
  int end_file = -1;           ///< Where the monitor writes an Ended message when nobody is connected
  SimulatedGrant simulated;    ///< Simulated only
  /// Since version 7: a guest that says that it panicked stands still, and does not end.
  bool keeps_panicked = false;
};

struct Query {};
struct Resume {};
struct Pause {};
struct PowerButton {};
/// LAUNCH_SECRET; only while paused and never run.
struct InjectSecret {
  Bytes header;                          ///< 52 bytes
  Bytes secret;                          ///< Encrypted
  std::optional<std::uint64_t> address;  ///< Guest physical; none: the plan's secret area
};
/// The guest ends with reason kDestroyed, and the monitor exits.
struct Quit {};

/// How a guest address is meant.
enum class AddressKind : std::uint32_t {
  kPhysical = 1,
  kVirtual = 2,  ///< Through the page tables that a vCPU uses at that moment
};
/// Since version 2. Reads guest memory for debugging, where the guest's policy lets the host: private memory,
/// decrypted (DBG_DECRYPT); through page tables also shared memory, where they say so.
struct ReadMemory {
  std::uint64_t address = 0;
  std::uint32_t length = 0;  ///< Up to kMaxMemoryRead; 0: only find out whether it could be read
  AddressKind kind = AddressKind::kPhysical;
  std::uint32_t vcpu = 0;  ///< Since version 3: whose page tables
};

/// Since version 3. Writes guest memory for debugging, by the same rules: private memory is encrypted
/// (DBG_ENCRYPT).
struct WriteMemory {
  std::uint64_t address = 0;
  AddressKind kind = AddressKind::kPhysical;
  std::uint32_t vcpu = 0;
  Bytes bytes;  ///< Up to kMaxMemoryWrite
};

/// What a debugger sees of a vCPU, without floating point.
struct VcpuRegisters {
  /// RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8 to R15.
  std::array<std::uint64_t, 16> general{};
  std::uint64_t rip = 0;
  std::uint64_t rflags = 0;
  std::array<std::uint32_t, 6> selectors{};  ///< CS, SS, DS, ES, FS, GS
  std::uint64_t fs_base = 0;
  std::uint64_t gs_base = 0;
  std::uint64_t cr0 = 0;
  std::uint64_t cr2 = 0;
  std::uint64_t cr3 = 0;
  std::uint64_t cr4 = 0;
  std::uint64_t cr8 = 0;
  std::uint64_t efer = 0;

  friend bool operator==(const VcpuRegisters&, const VcpuRegisters&) = default;
};

/// Since version 3. The registers of a vCPU, where the guest's policy lets the host debug it and nothing
/// encrypts them (SEV-ES does).
struct ReadRegisters {
  std::uint32_t vcpu = 0;
};
/// Since version 3. All but the selectors, which can't change without their segments: these are left alone.
struct WriteRegisters {
  std::uint32_t vcpu = 0;
  VcpuRegisters registers;
};

/// Since version 3. Where the guest has memory, where its policy lets the host read it.
struct ListMemory {};

/// Since version 4. The monitor may give the simulated firmware the command for which FirmwareWanted asked
/// under this number.
struct GrantFirmware {
  std::uint64_t number = 0;
};

/// Since version 4. The master of a pty that came with Start.
struct OpenConsole {
  std::string port;  ///< Since version 7: the id of a port; empty: the serial port's
};

/// Since version 6. The cable of a network interface is in (up) or out.
struct SetLink {
  std::string id;  ///< The device's
  bool up = true;
};

/// Since version 8. A disk, an interface or a source of random numbers comes, into the empty slot of the root
/// port that its address names. Done: the guest was told.
struct AttachDevice {
  spec::DeviceDescription device;  ///< Its descriptors as in Start
};
/// Since version 8. The guest is asked to let go of the device behind a root port. Done: it was told, or is
/// at it; DeviceRemoved follows when it has, which may be never.
struct DetachDevice {
  std::string id;
};

// -- replies
// --------------------------------------------------------------------------------------------------------------------------

/// What LAUNCH_MEASURE gave, and what the platform says of itself; empty measurement for a guest without SEV.
struct LaunchReport {
  Bytes measurement;  ///< 48 bytes: measure, mnonce
  std::uint32_t api_major = 0;
  std::uint32_t api_minor = 0;
  std::uint32_t build = 0;
  sevcore::Protection protection;  ///< Without its owner
  std::uint32_t c_bit_position = 0;
  std::uint32_t reduced_phys_bits = 0;
  Platform platform = Platform::kSimulated;
  std::uint64_t secret_address = 0;  ///< 0: no default place
  std::uint64_t secret_size = 0;
};

/// Since version 5: what a disk has moved since its guest began.
struct DiskFigures {
  struct Kind {
    std::uint64_t requests = 0;     ///< That ended well
    std::uint64_t bytes = 0;        ///< Of them
    std::uint64_t nanoseconds = 0;  ///< The sum of what each took
  };
  std::string id;  ///< The device's
  Kind read, write, flush;
  std::uint64_t errors = 0;
};
/// Since version 5: what has gone over a network interface since its guest began.
struct InterfaceFigures {
  struct Direction {
    std::uint64_t bytes = 0, packets = 0, errors = 0, drops = 0;
  };
  std::string id;            ///< The device's
  Direction received, sent;  ///< By the guest
};
/// Since version 7: a port of the virtio console device's.
struct PortFigures {
  std::string id;
  bool open = false;  ///< By a program of the guest's
};
struct Status {
  RunState state = RunState::kEmpty;
  bool has_run = false;  ///< LAUNCH_FINISH is done
  LaunchReport launch;
  std::vector<std::uint64_t> vcpu_time_ns;  ///< CPU time of each vCPU's thread
  std::vector<std::uint32_t> vcpu_threads;  ///< Thread ids
  std::uint64_t resident_bytes = 0;         ///< Of the guest's memory
  /// Since version 2: what ConsoleSilent said, as long as the guest has written nothing; else empty.
  std::string console_silent;
  // Since version 5.
  std::vector<DiskFigures> disks;
  std::vector<InterfaceFigures> interfaces;
  // Since version 7.
  std::vector<PortFigures> ports;
  /// Since version 8: the ids of the devices behind root ports.
  std::vector<std::string> plugged;
};

/// The reply to every request: an error, or what the request asks for (Hello: HelloReply, Start:
/// LaunchReport, Query: Status, ReadMemory: MemoryContent, ReadRegisters: RegisterContent, ListMemory:
/// MemoryRanges, OpenConsole: ConsoleMaster, others: nothing).
struct Failure {
  ErrorCode code = ErrorCode::kInternal;
  std::string text;
};
struct HelloReply {
  std::uint32_t version = kProtocolVersion;
  RunState state = RunState::kEmpty;
};
struct Done {};
/// Since version 2.
struct MemoryContent {
  Bytes bytes;  ///< As many as were asked for
};
/// Since version 3.
struct RegisterContent {
  VcpuRegisters registers;
};
/// Since version 3.
struct MemoryRanges {
  struct Range {
    std::uint64_t start = 0;  ///< Guest physical
    std::uint64_t size = 0;   ///< In bytes
  };
  std::vector<Range> ranges;  ///< In the order of their addresses
};
/// Since version 4.
struct ConsoleMaster {
  int descriptor = -1;
  std::shared_ptr<UniqueFd> received;  ///< The same, where it was received; it may be anything
};

// -- events
// ---------------------------------------------------------------------------------------------------------------------------

struct Ended {
  EndReason reason = EndReason::kError;
  std::string text;
};
/// The guest ran for console_timeout_seconds at a stretch and wrote nothing; text says where the vCPUs stand.
/// Told once; the guest goes on.
struct ConsoleSilent {
  std::string text;
};
/// Since version 4. The monitor has a command for the simulated firmware, which does one thing at a time on
/// the whole host: it waits for GrantFirmware. One wish at a time; a later one takes an earlier one's place.
struct FirmwareWanted {
  std::uint64_t number = 0;  ///< The monitor's own count
  std::uint64_t bytes = 0;   ///< Of guest memory that the command goes over
};
/// Since version 4. The command that was granted under this number has been carried out, or is not wanted any
/// more.
struct FirmwareDone {
  std::uint64_t number = 0;
};

/// Since version 7. The guest said that it panicked, and stands still (Start::keeps_panicked).
struct Panicked {};

/// Since version 4, and sent only to a peer that speaks it. How far the launch is that a Start began; at most
/// ten a second.
struct Progress {
  std::uint64_t done = 0;   ///< Bytes of guest memory locked, and those encrypted and measured; grows
  std::uint64_t total = 0;  ///< Of both together
};

/// Since version 8. The guest has let go of the device behind a root port, and the monitor of all that it had
/// of the host.
struct DeviceRemoved {
  std::string id;
};

using Request = std::variant<Hello, Start, Query, Resume, Pause, PowerButton, InjectSecret, Quit, ReadMemory,
                             WriteMemory, ReadRegisters, WriteRegisters, ListMemory, GrantFirmware,
                             OpenConsole, SetLink, AttachDevice, DetachDevice>;
using Reply = std::variant<Failure, Done, HelloReply, LaunchReport, Status, MemoryContent, RegisterContent,
                           MemoryRanges, ConsoleMaster>;
using Event =
    std::variant<Ended, ConsoleSilent, Progress, FirmwareWanted, FirmwareDone, Panicked, DeviceRemoved>;

}  // namespace virtsev::control
