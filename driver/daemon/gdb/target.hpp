// SPDX-License-Identifier: LGPL-2.1-or-later
// What a debugger's session debugs.
#pragma once

#include <cstdint>

#include <asio/awaitable.hpp>

#include "driver/control/messages.hpp"

namespace virtsev::daemon::gdb {

/// What returns an awaitable may throw Error: what is refused, or that the guest has gone.
class Target {
 public:
  virtual ~Target() = default;

  [[nodiscard]] virtual std::uint32_t vcpus() const = 0;
  [[nodiscard]] virtual bool running() const = 0;  ///< False of one that is gone
  [[nodiscard]] virtual bool gone() const = 0;

  virtual asio::awaitable<Bytes> read_memory(control::AddressKind kind, std::uint32_t vcpu,
                                             std::uint64_t address, std::uint32_t size) = 0;
  virtual asio::awaitable<void> write_memory(control::AddressKind kind, std::uint32_t vcpu,
                                             std::uint64_t address, Bytes bytes) = 0;
  virtual asio::awaitable<control::VcpuRegisters> read_registers(std::uint32_t vcpu) = 0;
  virtual asio::awaitable<void> write_registers(std::uint32_t vcpu, control::VcpuRegisters registers) = 0;

  virtual asio::awaitable<void> stop() = 0;   ///< Nothing to do for one that stands still
  virtual asio::awaitable<void> go_on() = 0;  ///< Nothing to do for one that runs
  virtual asio::awaitable<void> destroy() = 0;
};

}  // namespace virtsev::daemon::gdb
