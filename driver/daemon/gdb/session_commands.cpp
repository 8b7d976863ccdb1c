// SPDX-License-Identifier: LGPL-2.1-or-later
// What a debugger asks for: registers, memory, going on (the GDB manual, "Packets").
#include <algorithm>

#include "driver/daemon/gdb/arguments.hpp"
#include "driver/daemon/gdb/registers.hpp"
#include "driver/daemon/gdb/session.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::gdb {
namespace {

constexpr const char* kDone = "OK";
constexpr std::uint32_t kMostMemory = kMaxPacket / 2 - 32;

/// Threads are vCPUs, counted from 1; 0 is any, -1 all of them.
std::optional<std::uint32_t> vcpu_of(std::string_view thread, std::uint32_t vcpus) {
  if (thread == "-1" || thread == "0") {
    return 0;
  }
  const auto number = hex_number(thread);
  if (!number || *number == 0 || *number > vcpus) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number - 1);
}

}  // namespace

asio::awaitable<Session::Reply> Session::command(std::string_view packet) {
  const char first = packet.empty() ? '\0' : packet.front();
  const std::string_view rest = packet.substr(packet.empty() ? 0 : 1);
  switch (first) {
    case '?':
      co_return stop_reply();
    case 'g':
      co_return co_await read_all_registers();
    case 'G':
      co_return co_await write_all_registers(rest);
    case 'p':
      co_return co_await read_register(rest);
    case 'P':
      co_return co_await write_register(rest);
    case 'm':
      co_return co_await read_memory(rest);
    case 'M':
      co_return co_await write_memory(rest, false);
    case 'X':
      co_return co_await write_memory(rest, true);
    case 'H':
      co_return choose_thread(rest);
    case 'T':
      co_return thread_is_there(rest);
    case 'c':
    case 'C':
      co_return co_await go_on();
    case 's':
    case 'S':
      co_return "E." + text("the guest can't be run step by step; use continue, and interrupt it");
    case 'Z':
    case 'z':
      co_return "E." + text("virtsev sets no breakpoints in a guest; use continue, and interrupt it");
    case 'D':
      over_ = true;
      co_return kDone;
    case 'k':
      co_return co_await destroy();
    case 'q':
    case 'Q':
      co_return query(packet);
    default:
      co_return std::string();  // Not known
  }
}

std::string Session::stop_reply() const { return "T02thread:" + std::to_string(vcpu_ + 1) + ";"; }

control::AddressKind Session::address_kind() const {
  return physical_ ? control::AddressKind::kPhysical : control::AddressKind::kVirtual;
}

Session::Reply Session::choose_thread(std::string_view arguments) {
  if (arguments.empty()) {
    return kBadArguments;
  }
  const auto vcpu = vcpu_of(arguments.substr(1), target_->vcpus());
  if (!vcpu) {
    return kBadArguments;
  }
  if (arguments.front() == 'g') {  // The other kind is for going on, which all do at once
    vcpu_ = *vcpu;
  }
  return kDone;
}

Session::Reply Session::thread_is_there(std::string_view arguments) const {
  return vcpu_of(arguments, target_->vcpus()) ? kDone : kBadArguments;
}

asio::awaitable<Session::Reply> Session::read_all_registers() {
  if (!no_registers_.empty()) {
    co_return all_registers(nullptr);
  }
  const control::VcpuRegisters registers = co_await target_->read_registers(vcpu_);
  co_return all_registers(&registers);
}

asio::awaitable<Session::Reply> Session::write_all_registers(std::string_view digits) {
  control::VcpuRegisters registers = co_await target_->read_registers(vcpu_);
  if (put_all_registers(registers, digits) != Written::kDone) {
    co_return kBadArguments;
  }
  co_await target_->write_registers(vcpu_, registers);
  co_return kDone;
}

asio::awaitable<Session::Reply> Session::read_register(std::string_view arguments) {
  const auto number = hex_number(arguments);
  if (!number || *number >= register_count()) {
    co_return kBadArguments;
  }
  if (!no_registers_.empty()) {
    co_return register_text(nullptr, *number);
  }
  const control::VcpuRegisters registers = co_await target_->read_registers(vcpu_);
  co_return register_text(&registers, *number);
}

asio::awaitable<Session::Reply> Session::write_register(std::string_view arguments) {
  const auto number = hex_number(take_until(arguments, '='));
  if (!number) {
    co_return kBadArguments;
  }
  control::VcpuRegisters registers = co_await target_->read_registers(vcpu_);
  switch (put_register(registers, *number, arguments)) {
    case Written::kDone:
      break;
    case Written::kReadOnly:
      co_return refuse(
          text("segment selectors and floating point registers can't be written: they are only shown"));
    case Written::kMalformed:
      co_return kBadArguments;
  }
  co_await target_->write_registers(vcpu_, registers);
  co_return kDone;
}

asio::awaitable<Session::Reply> Session::read_memory(std::string_view arguments) {
  const auto address = hex_number(take_until(arguments, ','));
  const auto length = hex_number(arguments);
  if (!address || !length) {
    co_return kBadArguments;
  }
  // gdb asks again for the rest.
  const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(*length, kMostMemory));
  const Bytes bytes = co_await target_->read_memory(address_kind(), vcpu_, *address, size);
  co_return to_hex(bytes);
}

asio::awaitable<Session::Reply> Session::write_memory(std::string_view arguments, bool binary) {
  const auto address = hex_number(take_until(arguments, ','));
  const auto length = hex_number(take_until(arguments, ':'));
  std::optional<Bytes> bytes =
      binary ? std::optional<Bytes>(Bytes(arguments.begin(), arguments.end())) : from_hex(arguments);
  if (!address || !length || !bytes || bytes->size() != *length) {
    co_return kBadArguments;
  }
  if (!bytes->empty()) {  // gdb tries X with none, to learn whether it is there
    co_await target_->write_memory(address_kind(), vcpu_, *address, std::move(*bytes));
  }
  co_return kDone;
}

asio::awaitable<Session::Reply> Session::go_on() {
  waiting_ = true;
  try {
    co_await target_->go_on();
  } catch (const Error& error) {
    waiting_ = false;
    co_return "E." + std::string(error.what());
  }
  co_return std::nullopt;
}

asio::awaitable<Session::Reply> Session::destroy() {
  over_ = true;
  co_await target_->destroy();
  co_return std::nullopt;
}

}  // namespace virtsev::daemon::gdb
