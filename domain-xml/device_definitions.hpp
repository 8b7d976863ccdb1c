// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices that a definition asks for, typed: what their elements say, with defaults filled in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/machine/device_limits.hpp"

namespace virtsev::domain_xml {

/// A <serial> or <console> of type pty; console 0 of target type serial is the same device as serial 0.
struct SerialPort {
  std::uint32_t port = 0;
  std::string alias;     ///< The user's own name for it (ua-...); empty: serial0
  std::string log_file;  ///< <log file=...>: where what it says is written, too; empty: virtsevd's own place
  bool log_append = false;  ///< What an earlier run wrote there is kept
  friend bool operator==(const SerialPort&, const SerialPort&) = default;
};

/// <driver cache=...>, as libvirt has it: whether the host's page cache is used, and when a write is on the
/// medium.
enum class DiskCache : std::uint8_t {
  kWriteback,     ///< Host's cache; on the medium when the guest flushes. What a disk has that says nothing
  kNone,          ///< No host cache; on the medium when the guest flushes
  kWritethrough,  ///< Host's cache; each write is on the medium
  kDirectsync,    ///< No host cache; each write is on the medium
  kUnsafe,        ///< Host's cache; flushes are ignored
};

/// A raw image in a file or on a block device.
struct DiskDefinition {
  /// Absolute; empty: a volume, or a CD drive without a disc, which the guest does not see.
  std::string path;
  /// <disk type='volume'>: a volume of one of libvirt's storage pools; empty: not one. Where it lies, and
  /// whether on a block device, is known when the storage daemon has been asked.
  std::string pool, volume;
  bool block_device = false;  ///< <disk type='block'>
  bool cdrom = false;         ///< Given as a disk that is read only
  bool read_only = false;
  bool shareable = false;  ///< Other guests may write it at the same time
  std::string target;      ///< <target dev=...>: the name that calls have for it ("vda")
  std::string serial;      ///< At most machine::kMaxDiskSerial bytes
  DiskCache cache = DiskCache::kWriteback;
  bool threads = false;      ///< io='threads'
  bool discard = false;      ///< discard='unmap'
  std::uint16_t queues = 1;  ///< At most machine::kMaxDiskQueues
  std::string alias;         ///< As above; empty: virtio-disk0, ...
  std::uint8_t slot = 0;     ///< On the root bus; 0: behind a root port
  std::uint8_t port = 0;     ///< RootPortDefinition::number of that port; 0: on the root bus
  [[nodiscard]] bool is_volume() const { return !volume.empty(); }
  friend bool operator==(const DiskDefinition&, const DiskDefinition&) = default;
};

/// <portForward> of an interface of type user: connections to ports of the host that reach the guest.
struct PortForward {
  bool udp = false;
  std::string address;      ///< The host's; empty: all
  std::uint16_t start = 0;  ///< The host's ports
  std::uint16_t end = 0;    ///< As many
  std::uint16_t guest_start = 0;
  friend bool operator==(const PortForward&, const PortForward&) = default;
};

struct InterfaceDefinition {
  enum class Kind : std::uint8_t {
    kBridge,    ///< A tap device on a bridge of the host
    kEthernet,  ///< A tap device that is the user's, or that nobody else touches
    kUser,      ///< passt: the host's own connections, without privileges
    kNetwork,   ///< On one of libvirt's networks, whose daemon says by which bridge
  };
  Kind kind = Kind::kUser;
  ByteArray<6> mac{};
  std::string bridge;      ///< Of kBridge
  std::string network;     ///< Of kNetwork: its name
  std::string port_group;  ///< Of kNetwork; empty: the network's default
  std::string target;      ///< The tap's name; empty, or with %d: the host chooses one
  bool managed = true;     ///< False: <target managed='no'>, a tap that is there already, and stays as it is
  std::uint16_t mtu = 0;   ///< 0: the host's side decides
  bool link_up = true;
  std::uint16_t queues = 1;           ///< Pairs of them, at most machine::kMaxQueuePairs; of kUser: 1
  std::vector<PortForward> forwards;  ///< Of kUser
  std::string alias;                  ///< As above; empty: net0, ...
  std::uint8_t slot = 0, port = 0;    ///< As above
  friend bool operator==(const InterfaceDefinition&, const InterfaceDefinition&) = default;
};

/// <rng model='virtio'>: the host's random numbers.
struct EntropyDefinition {
  std::string alias;                ///< As above; empty: rng0, ...
  std::uint8_t slot = 0, port = 0;  ///< As above
  friend bool operator==(const EntropyDefinition&, const EntropyDefinition&) = default;
};

/// <panic model='pvpanic'>: the guest tells that its kernel panicked.
struct PanicDefinition {
  std::string alias;  ///< As above; empty: panic0
  std::uint8_t slot = 0;
  friend bool operator==(const PanicDefinition&, const PanicDefinition&) = default;
};

/// <controller type='virtio-serial'>: the one device that all ports are on.
struct PortControllerDefinition {
  std::string alias;  ///< As above; empty: virtio-serial0
  std::uint8_t slot = 0;
  friend bool operator==(const PortControllerDefinition&, const PortControllerDefinition&) = default;
};

/// A <console> or <channel> with <target type='virtio'>.
struct PortDefinition {
  bool console = false;
  bool socket = false;      ///< type='unix': a client connects to it; else a pseudo terminal
  std::string path;         ///< Of the socket, absolute; empty: virtsevd's own place
  std::string name;         ///< A channel's: "org.qemu.guest_agent.0"; at most machine::kMaxPortName bytes
  std::string alias;        ///< As above; empty: console1, channel0, ...
  std::size_t place = 0;    ///< Among the domain's consoles, the serial port's counted, or its channels
  std::uint8_t number = 0;  ///< On the controller, below machine::kMaxPorts
  friend bool operator==(const PortDefinition&, const PortDefinition&) = default;
};

/// <controller type='pci' model='pcie-root-port'>: a slot for a device that comes and goes while the guest
/// runs.
struct RootPortDefinition {
  std::uint8_t number = 0;  ///< Its index, which is the bus in the address of what is behind it
  std::uint8_t slot = 0;    ///< Its own, on the root bus
  friend bool operator==(const RootPortDefinition&, const RootPortDefinition&) = default;
};

/// A number that no other device of a definition has: its slot, or for one behind a root port that port's
/// from 128 on.
template <typename Device>
constexpr std::uint8_t place_of(const Device& device) {
  return device.port == 0 ? device.slot : static_cast<std::uint8_t>(0x80 | device.port);
}

/// The alias that a running domain's document, its monitor and its figures have for a device: the user's own,
/// or the given one. `number`: its place among the definition's devices of its kind.
std::string alias_in_use(const SerialPort& serial, std::size_t number);
std::string alias_in_use(const DiskDefinition& disk, std::size_t number);
std::string alias_in_use(const InterfaceDefinition& interface, std::size_t number);
std::string alias_in_use(const EntropyDefinition& entropy, std::size_t number);
std::string alias_in_use(const PanicDefinition& panic);
std::string alias_in_use(const PortControllerDefinition& controller);
std::string alias_in_use(const PortDefinition& port);

/// "52:54:00:12:34:56".
std::string format_mac(const ByteArray<6>& mac);

}  // namespace virtsev::domain_xml
