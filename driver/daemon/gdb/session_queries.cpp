// SPDX-License-Identifier: LGPL-2.1-or-later
// What a debugger asks about its target (the GDB manual, "General Query Packets"), and `monitor` commands.
#include <algorithm>

#include "driver/daemon/gdb/arguments.hpp"
#include "driver/daemon/gdb/registers.hpp"
#include "driver/daemon/gdb/session.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::gdb {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

std::string in_hex(std::string_view text) {
  return to_hex(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace

Session::Reply Session::query(std::string_view packet) {
  if (take_prefix(packet, "qSupported")) {
    return "PacketSize=" + fmt::format("{:x}", kMaxPacket) + ";QStartNoAckMode+;qXfer:features:read+";
  }
  if (packet == "QStartNoAckMode") {
    acknowledges_ = false;
    return "OK";
  }
  if (take_prefix(packet, "qXfer:features:read:target.xml:")) {
    return read_features(packet);
  }
  if (packet == "qAttached") {
    return "1";  // The guest was there before: a debugger that ends lets it be
  }
  if (packet == "qC") {
    return "QC" + fmt::format("{:x}", vcpu_ + 1);
  }
  if (packet == "qfThreadInfo") {
    return thread_list();
  }
  if (packet == "qsThreadInfo") {
    return "l";
  }
  if (take_prefix(packet, "qThreadExtraInfo,")) {
    return describe_thread(packet);
  }
  if (take_prefix(packet, "qRcmd,")) {
    return monitor_command(packet);
  }
  return std::string();
}

Session::Reply Session::thread_list() const {
  std::string list = "m";
  for (std::uint32_t i = 1; i <= target_->vcpus(); ++i) {
    list += fmt::format("{}{:x}", i == 1 ? "" : ",", i);
  }
  return list;
}

Session::Reply Session::describe_thread(std::string_view thread) const {
  const auto number = hex_number(thread);
  return !number || *number == 0 || *number > target_->vcpus() ? kBadArguments
                                                               : in_hex(fmt::format("vCPU {}", *number - 1));
}

Session::Reply Session::read_features(std::string_view arguments) {
  const auto offset = hex_number(take_until(arguments, ','));
  const auto length = hex_number(arguments);
  if (!offset || !length) {
    return kBadArguments;
  }
  const std::string& description = target_description();
  if (*offset >= description.size()) {
    return "l";
  }
  const std::string piece = description.substr(*offset, std::min<std::uint64_t>(*length, kMaxPacket / 2));
  return (*offset + piece.size() == description.size() ? "l" : "m") + piece;
}

Session::Reply Session::monitor_command(std::string_view digits) {
  const auto bytes = from_hex(digits);
  const std::string command = bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
  if (command == "why") {
    const std::string& why = refusal_.empty() ? no_registers_ : refusal_;
    return in_hex((why.empty() ? text("nothing was refused") : why) + "\n");
  }
  if (command == "physical on" || (command == "physical off" && no_registers_.empty())) {
    physical_ = command == "physical on";
    return "OK";
  }
  if (command == "physical off") {
    return in_hex(text("the guest's page tables can't be found: {}", no_registers_) + "\n");
  }
  return in_hex(
      text("monitor physical on|off: addresses are physical, or go through the page tables of the "
           "vCPU (now {})\nmonitor why: why the last request was refused\n",
           physical_ ? "on" : "off"));
}

}  // namespace virtsev::daemon::gdb
