// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest is made from: plain data, and descriptors of open files. Made from a domain definition
// (driver/spec-from-xml) or from options of `virtsev measure`; sent to the monitor; composed into a launch
// plan (driver/boot).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/protection.hpp"
#include "sevcore/machine/device_limits.hpp"
#include "sevcore/machine/machine_version.hpp"

namespace virtsev::spec {

/// An open file. `fd` is borrowed; `path` is for messages only, nobody opens it again.
struct File {
  int fd = -1;
  std::string path;
};

/// Kernel and initrd as the host hands them over, and the command line.
struct Payload {
  File kernel;
  std::optional<File> initrd;
  std::string command_line;
};

/// The monitor enters a bzImage itself; all of the payload is measured.
struct DirectBoot {
  Payload payload;
};

/// Firmware, OVMF, starts first.
struct FirmwareBoot {
  File image;
  /// SHA-256 of the image that its owner knows to check a kernel's hashes: it has to be this one then, and is
  /// not looked into.
  std::optional<ByteArray<32>> known_digest = {};
  /// Handed to the firmware, which checks it against measured hashes; none: the firmware finds a kernel on
  /// the guest's disk, and nothing of it is measured.
  std::optional<Payload> payload = {};
};

using Boot = std::variant<DirectBoot, FirmwareBoot>;

/// What of the vCPUs' model reaches a measurement.
struct Cpu {
  std::optional<std::uint32_t>
      signature;  ///< EAX of CPUID leaf 1; none: the host's own, which is not known here
};

/// Where a device sits on the machine.
struct PortAddress {
  std::uint16_t port = 0;
};
/// A function on the root bus: device number and function 0; or the one function behind a root port.
inline constexpr std::uint8_t kFirstPciDevice = 1;
inline constexpr std::uint8_t kLastPciDevice = machine::kLastPciSlot;
struct PciAddress {
  std::uint8_t device = 0;  ///< kFirstPciDevice to kLastPciDevice; behind a port 0
  std::uint8_t port = 0;    ///< RootPort::number of the port that it is behind; 0: on the root bus
};
using DeviceAddress = std::variant<PortAddress, PciAddress>;

/// The serial port with its pseudo terminal and its log.
struct Serial {
  int terminal_master = -1;  ///< The pty's master
  int terminal_slave = -1;   ///< Kept open, so that the master never reads EIO
  /// The log and its 3 backups, newest first, opened read-write; -1: none.
  std::array<int, 4> log{-1, -1, -1, -1};
};

/// A disk that the guest reads and writes: a file or block device with the bytes of the disk, and nothing
/// else.
struct Disk {
  /// When what the guest wrote reaches the medium.
  enum class Flush : std::uint8_t {
    kAsked,   ///< When the guest flushes (cache='writeback', 'none')
    kAlways,  ///< With each write (cache='writethrough', 'directsync')
    kNever,   ///< When the host likes (cache='unsafe')
  };
  File image;  ///< Open for reading, and for writing if the guest may; with O_DIRECT where that is wanted
  bool read_only = false;
  bool discard = false;  ///< What the guest discards, the image gives back (discard='unmap')
  bool threads = false;  ///< By threads, not by io_uring (io='threads')
  std::string serial;    ///< At most machine::kMaxDiskSerial bytes
  Flush flush = Flush::kAsked;
  std::uint16_t queues = 1;  ///< At most machine::kMaxDiskQueues
};

/// A network interface, and the host's side of it.
struct Interface {
  ByteArray<6> mac{};
  std::uint16_t mtu = 0;  ///< Told to the guest; 0: not told
  bool link_up = true;
  /// Descriptors of one tap device, each a queue pair (IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, IFF_MULTI_QUEUE
  /// where there are several), at most machine::kMaxQueuePairs; or none.
  std::vector<int> taps;
  /// A connected UNIX stream socket, each frame behind its length in 4 bytes, big-endian, as passt has it;
  /// -1: none.
  int stream = -1;
};

/// A source of random numbers for the guest: the host's own (getrandom(2)).
struct Entropy {};

/// A pvpanic device on PCI: the guest's kernel says by it that it panicked.
struct Panic {};

/// A virtio console device: consoles, and channels to programs of the guest's.
struct Ports {
  struct Port {
    std::string id;            ///< The definition's alias: "channel0"
    std::uint32_t number = 0;  ///< Below machine::kMaxPorts, each once
    bool console = false;
    std::string name;  ///< A channel's, told to the guest: "org.qemu.guest_agent.0"; machine::kMaxPortName
    // The host's end, a terminal or a socket; -1: not there.
    int terminal_master = -1;  ///< Of a pty, non-blocking
    int terminal_slave = -1;   ///< Kept open, so that the master never reads EIO
    int listener = -1;         ///< A UNIX stream socket, non-blocking: one client at a time
  };
  std::vector<Port> ports;
};

/// A root port of PCI Express with a slot: a device comes into it, and goes, while the guest runs.
struct RootPort {
  std::uint8_t number = 0;  ///< From 1 to machine::kMaxRootPorts, each once: what PciAddress::port names
};

struct DeviceDescription {
  std::string id;  ///< The definition's alias: "serial0"
  DeviceAddress address;
  std::variant<Serial, Entropy, Disk, Interface, Ports, Panic, RootPort> kind;
};

/// Descriptors that one device brings, at most: an interface's, or the serial port's. Ports, of which there
/// is one device, bring more: each a terminal's two ends, or a socket.
inline constexpr std::size_t kMaxDeviceFiles =
    std::max<std::size_t>(machine::kMaxQueuePairs, 2 + std::tuple_size_v<decltype(Serial::log)>);
inline constexpr std::size_t kMaxPortFiles = std::size_t{2} * machine::kMaxPorts;

struct Machine {
  machine::Version version = machine::Version::kQ35_1_0;
  std::uint64_t memory_bytes = 0;  ///< A multiple of 4096
  std::uint32_t vcpus = 1;
  Cpu cpu;
  Boot boot;
  std::vector<DeviceDescription> devices;
  sevcore::Protection protection;
};

/// The machine's serial port; null where it has none.
const Serial* serial_of(const Machine& machine);

/// The descriptors of a device, those that are not there left out.
std::vector<int> files_of(const DeviceDescription& device);
/// Those of all its devices.
std::vector<int> device_files(const Machine& machine);

/// How many slots there are for devices that come while the guest runs.
std::size_t root_ports(const Machine& machine);

/// The kernel that the host hands over, whatever starts it; null where it hands over none.
const Payload* payload_of(const Boot& boot);

}  // namespace virtsev::spec
