// SPDX-License-Identifier: LGPL-2.1-or-later
// What the Driver's methods give, in the order of remote_protocol.x.
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"

namespace virtsev::daemon::dispatch {

void put_result(xdr::Encoder& out, bool value) { out.put_int32(value ? 1 : 0); }

void put_result(xdr::Encoder& out, const std::string& value) { out.put_string(value); }

void put_result(xdr::Encoder& out, const DomainHandle& domain) { put_domain(out, domain); }

void put_result(xdr::Encoder& out, const DomainInfo& info) {
  out.put_uint32(info.state);
  out.put_uint64(info.max_memory_kib);
  out.put_uint64(info.memory_kib);
  out.put_uint32(info.vcpus);
  out.put_uint64(info.cpu_time_ns);
}

void put_result(xdr::Encoder& out, const DomainState& state) {
  out.put_int32(state.state);
  out.put_int32(state.reason);
}

void put_result(xdr::Encoder& out, const ControlInfo& info) {
  out.put_uint32(info.state);
  out.put_uint32(info.details);
  out.put_uint64(info.milliseconds);
}

void put_result(xdr::Encoder& out, const NodeInfo& info) {
  constexpr std::size_t kModelSize = 32;
  put_fixed_chars(out, info.model, kModelSize);
  out.put_uint64(info.memory_kib);
  for (const std::int32_t number :
       {info.cpus, info.mhz, info.nodes, info.sockets, info.cores, info.threads}) {
    out.put_int32(number);
  }
}

void put_result(xdr::Encoder& out, const BlockCounts& counts) {
  for (const std::uint64_t number :
       {counts.read.requests, counts.read.bytes, counts.write.requests, counts.write.bytes, counts.errors}) {
    out.put_uint64(number);
  }
}

void put_result(xdr::Encoder& out, const InterfaceCounts& counts) {
  for (const InterfaceCounts::Direction& way : {counts.received, counts.sent}) {
    for (const std::uint64_t number : {way.bytes, way.packets, way.errors, way.drops}) {
      out.put_uint64(number);
    }
  }
}

void put_result(xdr::Encoder& out, const BlockInfo& info) {
  for (const std::uint64_t number : {info.allocation, info.capacity, info.physical}) {
    out.put_uint64(number);
  }
}

void put_result(xdr::Encoder& out, std::int32_t value) { out.put_int32(value); }

void put_result(xdr::Encoder& out, const GuestTime& time) {
  out.put_int64(time.seconds);
  out.put_uint32(time.nanoseconds);
}

void put_result(xdr::Encoder& out, const std::vector<GuestFileSystem>& systems) {
  const auto count = static_cast<std::uint32_t>(systems.size());
  out.put_uint32(count);
  for (const GuestFileSystem& system : systems) {
    out.put_string(system.mount_point);
    out.put_string(system.name);
    out.put_string(system.type);
    std::vector<std::string> targets;
    for (const GuestDisk& disk : system.disks) {
      if (!disk.target.empty()) {
        targets.push_back(disk.target);
      }
    }
    put_names(out, targets);
  }
  out.put_uint32(count);
}

void put_result(xdr::Encoder& out, const std::vector<GuestInterface>& interfaces) {
  out.put_uint32(static_cast<std::uint32_t>(interfaces.size()));
  for (const GuestInterface& interface : interfaces) {
    out.put_string(interface.name);
    put_optional_text(out, interface.mac);
    out.put_uint32(static_cast<std::uint32_t>(interface.addresses.size()));
    for (const GuestInterface::Address& address : interface.addresses) {
      out.put_int32(address.v6 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4);
      out.put_string(address.address);
      out.put_uint32(address.prefix);
    }
  }
}

void put_result(xdr::Encoder& out, const std::vector<TypedParameter>& parameters) {
  put_typed_parameters(out, parameters, true);
}

}  // namespace virtsev::daemon::dispatch
