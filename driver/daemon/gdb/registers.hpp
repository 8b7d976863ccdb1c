// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU's registers in gdb's order, and the target description that tells gdb the order (the GDB manual,
// appendix "Target Descriptions", i386 Features). Floating point is described, as gdb wants it to be, and
// given as unavailable.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "driver/control/messages.hpp"

namespace virtsev::daemon::gdb {

/// The file target.xml.
const std::string& target_description();

std::size_t register_count();
/// The value as gdb writes it, lowest byte first, in hex; x for each digit of one that is unavailable. Null
/// `registers`: all are. Without an instruction pointer gdb refuses to look at anything, so that one is 0
/// then.
std::string register_text(const control::VcpuRegisters* registers, std::size_t number);
/// All of them, in order.
std::string all_registers(const control::VcpuRegisters* registers);

enum class Written : std::uint8_t {
  kDone,
  kReadOnly,   ///< A selector, or floating point
  kMalformed,  ///< No such register, or not its length in hex
};
/// Puts what gdb writes into `registers`.
Written put_register(control::VcpuRegisters& registers, std::size_t number, std::string_view digits);
/// All of them, in order; what is read only is skipped.
Written put_all_registers(control::VcpuRegisters& registers, std::string_view digits);

}  // namespace virtsev::daemon::gdb
