// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest of three vCPUs, made up, for a debugger's session.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "driver/daemon/gdb/target.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon::gdb {

/// Looked at, and changed, by tests; outlives the target.
struct World {
  bool runs = true, gone = false, encrypted = false, destroyed = false, stuck = false;
  std::map<std::uint64_t, std::uint8_t> memory;
  std::uint64_t end_of_memory = 0x10000;
  std::map<std::uint32_t, control::VcpuRegisters> registers;
  std::vector<control::AddressKind> kinds;
  std::function<void()> changed;
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(World& world) : world_(world) {}
  [[nodiscard]] std::uint32_t vcpus() const override { return 3; }
  [[nodiscard]] bool running() const override { return !world_.gone && world_.runs; }
  [[nodiscard]] bool gone() const override { return world_.gone; }
  asio::awaitable<Bytes> read_memory(control::AddressKind kind, std::uint32_t, std::uint64_t address,
                                     std::uint32_t size) override {
    world_.kinds.push_back(kind);
    require(has_memory(address, size), "no memory there");
    Bytes bytes;
    for (std::uint32_t i = 0; i < size; ++i) {
      bytes.push_back(world_.memory[address + i]);
    }
    co_return bytes;
  }
  asio::awaitable<void> write_memory(control::AddressKind kind, std::uint32_t, std::uint64_t address,
                                     Bytes bytes) override {
    world_.kinds.push_back(kind);
    require(has_memory(address, bytes.size()), "no memory there");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      world_.memory[address + i] = bytes[i];
    }
    co_return;
  }
  asio::awaitable<control::VcpuRegisters> read_registers(std::uint32_t vcpu) override {
    require(!world_.encrypted, "registers are encrypted");
    co_return world_.registers[vcpu];
  }
  asio::awaitable<void> write_registers(std::uint32_t vcpu, control::VcpuRegisters registers) override {
    require(!world_.encrypted, "registers are encrypted");
    world_.registers[vcpu] = registers;
    co_return;
  }
  asio::awaitable<void> stop() override {
    set(false);
    co_return;
  }
  asio::awaitable<void> go_on() override {
    require(!world_.stuck, "it is stuck");
    set(true);
    co_return;
  }
  asio::awaitable<void> destroy() override {
    world_.destroyed = true;
    co_return;
  }

 private:
  [[nodiscard]] bool has_memory(std::uint64_t address, std::uint64_t size) const {
    return address <= world_.end_of_memory && size <= world_.end_of_memory - address;
  }
  static void require(bool holds, const char* otherwise) {
    if (!holds) {
      throw Error(ErrorCode::kOperationFailed, otherwise);
    }
  }
  void set(bool runs) const {
    world_.runs = runs;
    world_.changed();
  }
  World& world_;
};

}  // namespace virtsev::daemon::gdb
