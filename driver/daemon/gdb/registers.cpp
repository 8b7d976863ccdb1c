// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/gdb/registers.hpp"

#include <functional>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/hex.hpp"

namespace virtsev::daemon::gdb {
namespace {

using control::VcpuRegisters;

constexpr const char* kInstructionPointer = "rip";

struct Register {
  std::string name;
  const char* type;  ///< Of the target description
  std::size_t bytes;
  /// Where it is; null: unavailable, or a selector.
  std::function<std::uint64_t&(VcpuRegisters&)> value;
  std::optional<std::size_t> selector = std::nullopt;  ///< Its place in VcpuRegisters::selectors
};

struct Feature {
  const char* name;
  std::vector<Register> registers;
};

Register whole(std::string name, std::uint64_t VcpuRegisters::*value, const char* type = "int64") {
  return {std::move(name), type, 8,
          [value](VcpuRegisters& registers) -> std::uint64_t& { return registers.*value; }};
}

/// What gdb calls the core: every register that it knows of a processor without vectors.
Feature core() {
  constexpr const char* kGeneral[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  constexpr const char* kSelectors[] = {"cs", "ss", "ds", "es", "fs", "gs"};
  constexpr const char* kX87Control[] = {"fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"};
  constexpr std::size_t kX87Stack = 8;
  constexpr std::size_t kX87Bytes = 10;

  Feature feature{"org.gnu.gdb.i386.core", {}};
  auto& list = feature.registers;
  for (std::size_t i = 0; i < std::size(kGeneral); ++i) {
    const std::string name = kGeneral[i];
    const bool points = name == "rbp" || name == "rsp";
    list.push_back({name, points ? "data_ptr" : "int64", 8,
                    [i](VcpuRegisters& registers) -> std::uint64_t& { return registers.general.at(i); }});
  }
  list.push_back(whole(kInstructionPointer, &VcpuRegisters::rip, "code_ptr"));
  list.push_back(whole("eflags", &VcpuRegisters::rflags, "int32"));
  list.back().bytes = 4;
  for (std::size_t i = 0; i < std::size(kSelectors); ++i) {
    list.push_back({kSelectors[i], "int32", 4, nullptr, i});
  }
  for (std::size_t i = 0; i < kX87Stack; ++i) {
    list.push_back({"st" + std::to_string(i), "i387_ext", kX87Bytes, nullptr});
  }
  for (const char* name : kX87Control) {
    list.push_back({name, "int", 4, nullptr});
  }
  return feature;
}

const std::vector<Feature>& features() {
  static const std::vector<Feature> kFeatures = {
      core(),
      {"org.gnu.gdb.i386.segments",
       {whole("fs_base", &VcpuRegisters::fs_base), whole("gs_base", &VcpuRegisters::gs_base)}},
      {"org.virtsev.system",
       {whole("cr0", &VcpuRegisters::cr0), whole("cr2", &VcpuRegisters::cr2),
        whole("cr3", &VcpuRegisters::cr3), whole("cr4", &VcpuRegisters::cr4),
        whole("cr8", &VcpuRegisters::cr8), whole("efer", &VcpuRegisters::efer)}}};
  return kFeatures;
}

/// gdb numbers them in the order of the description.
const std::vector<Register>& registers_in_order() {
  static const std::vector<Register> kAll = [] {
    std::vector<Register> all;
    for (const Feature& feature : features()) {
      all.insert(all.end(), feature.registers.begin(), feature.registers.end());
    }
    return all;
  }();
  return kAll;
}

std::uint64_t value_of(const Register& one, const VcpuRegisters& registers) {
  if (one.selector) {
    return registers.selectors.at(*one.selector);
  }
  VcpuRegisters copy = registers;
  return one.value(copy);
}

}  // namespace

const std::string& target_description() {
  static const std::string kDescription = [] {
    std::string xml =
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
        "<target version=\"1.0\">\n<architecture>i386:x86-64</architecture>\n";
    for (const Feature& feature : features()) {
      xml += "<feature name=\"" + std::string(feature.name) + "\">\n";
      for (const Register& one : feature.registers) {
        xml += "<reg name=\"" + one.name + "\" bitsize=\"" + std::to_string(8 * one.bytes) + "\" type=\"" +
               one.type + "\"/>\n";
      }
      xml += "</feature>\n";
    }
    return xml + "</target>\n";
  }();
  return kDescription;
}

std::size_t register_count() { return registers_in_order().size(); }

std::string register_text(const VcpuRegisters* registers, std::size_t number) {
  const Register& one = registers_in_order().at(number);
  if (registers == nullptr && one.name == kInstructionPointer) {
    return std::string(2 * one.bytes, '0');
  }
  if (registers == nullptr || (!one.value && !one.selector)) {
    return std::string(2 * one.bytes, 'x');
  }
  Bytes bytes;
  append_le<std::uint64_t>(bytes, value_of(one, *registers));
  bytes.resize(one.bytes);
  return to_hex(bytes);
}

std::string all_registers(const VcpuRegisters* registers) {
  std::string all;
  for (std::size_t i = 0; i < register_count(); ++i) {
    all += register_text(registers, i);
  }
  return all;
}

Written put_register(VcpuRegisters& registers, std::size_t number, std::string_view digits) {
  if (number >= register_count()) {
    return Written::kMalformed;
  }
  const Register& one = registers_in_order()[number];
  if (!one.value) {
    return Written::kReadOnly;
  }
  auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != one.bytes) {
    return Written::kMalformed;
  }
  bytes->resize(8);
  one.value(registers) = get_le<std::uint64_t>(*bytes, 0);
  return Written::kDone;
}

Written put_all_registers(VcpuRegisters& registers, std::string_view digits) {
  VcpuRegisters changed = registers;
  for (std::size_t i = 0; i < register_count(); ++i) {
    const std::size_t length = 2 * registers_in_order()[i].bytes;
    if (digits.size() < length || put_register(changed, i, digits.substr(0, length)) == Written::kMalformed) {
      return Written::kMalformed;
    }
    digits.remove_prefix(length);
  }
  registers = changed;
  return Written::kDone;
}

}  // namespace virtsev::daemon::gdb
