// SPDX-License-Identifier: LGPL-2.1-or-later
// Guests of a few instructions, written as 32-bit code that a bzImage's entry starts with paging off. They
// run on any /dev/kvm, a software-emulated one included.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm::test {

class TinyGuest {
 public:
  /// Sends a text to the serial port.
  TinyGuest& print(std::string_view text);
  /// Sends the `count` bytes of memory at `address`.
  TinyGuest& print_memory(std::uint32_t address, std::uint32_t count);
  /// Sends the lowest decimal digit of a model specific register below 10.
  TinyGuest& print_msr_digit(std::uint32_t index);
  /// Writes the GHCB register, VMGEXIT, and sends bits 24-31 of the register after it.
  TinyGuest& print_ghcb_answer(std::uint32_t request);
  /// Writes the GHCB register, then VMGEXIT.
  TinyGuest& vmgexit(std::uint32_t request);
  /// Waits for a byte of input and sends it back.
  TinyGuest& echo_one_byte();
  /// Waits for the power button.
  TinyGuest& wait_for_power_button();
  /// Puts a number into EBX, which nothing else here changes.
  TinyGuest& load_ebx(std::uint32_t value);
  /// Sends the lowest byte of EBX.
  TinyGuest& print_bl();
  /// For ever: reads a port, then adds 1 to ECX.
  TinyGuest& poll_port(std::uint16_t port);
  TinyGuest& write_port(std::uint16_t port, std::uint8_t value);
  TinyGuest& power_off();
  TinyGuest& reset();
  TinyGuest& triple_fault();
  /// For ever, busy.
  TinyGuest& spin();

  // What a guest should not do. `times`: 0 for ever.
  /// One byte after the other to a port.
  TinyGuest& flood_port(std::uint16_t port, std::uint32_t times);
  /// REP OUTSB and REP INSB, 4 KiB at a time.
  TinyGuest& flood_port_with_strings(std::uint16_t port, std::uint32_t times);
  TinyGuest& drain_port_with_strings(std::uint16_t port, std::uint32_t times);
  /// Reads and writes an address where nothing is.
  TinyGuest& touch_nothing(std::uint32_t address, std::uint32_t times);
  /// Writes four bytes.
  TinyGuest& write_memory(std::uint32_t address, std::uint32_t value);
  TinyGuest& read_msr(std::uint32_t index, std::uint32_t times);
  /// Writes the GHCB register with another value each time, without a VMGEXIT after it.
  TinyGuest& write_ghcb_garbage(std::uint32_t times);
  /// VMGEXIT with a GHCB page at this address.
  TinyGuest& vmgexit_with_page(std::uint64_t address, std::uint32_t times);
  /// What follows runs below 1 MiB, where a guest without paging finds the same memory before and after its
  /// private and shared memory have parted. The first thing that a guest does.
  TinyGuest& move_below_1_mib();

  // With paging, which stays 32-bit code (compatibility mode): linear addresses of 32 bits.
  /// CR4.PAE, CR3, EFER.LME, CR0.PG.
  TinyGuest& enable_paging(std::uint32_t root);
  TinyGuest& load_root(std::uint32_t root);
  TinyGuest& store(std::uint32_t address, std::uint32_t value);
  /// INIT and SIPI for the vCPU with this APIC id, through the local APIC's page.
  TinyGuest& start_vcpu(std::uint32_t apic_id, std::uint8_t vector);
  /// Waits until the byte at this address has this value.
  TinyGuest& wait_for(std::uint32_t address, std::uint8_t value);
  /// One page after the other: maps it (`entries`: where the table's entries are written), and writes a
  /// number of its own to it (`linear`: where it is mapped). Then reads all of them, and is stuck where one
  /// is wrong.
  TinyGuest& share_one_by_one(std::uint32_t entries, std::uint32_t first_page, std::uint32_t linear,
                              std::uint32_t count);
  /// Fills `count` pages from `start` on with page table entries that are pointers to them, in turn, without
  /// C-bit.
  TinyGuest& fill_with_pointers(std::uint32_t start, std::uint32_t count);
  /// Copies bytes.
  TinyGuest& copy(std::uint32_t from, std::uint32_t to, std::uint32_t count);
  /// What lies there when the guest starts, in the same region as its code and behind it.
  TinyGuest& data(std::uint32_t address, ByteView bytes);

  /// Where the next instruction goes, unless it moves.
  [[nodiscard]] std::uint32_t position() const { return kEntry + static_cast<std::uint32_t>(code_.size()); }
  /// A bzImage with this code at its entry.
  [[nodiscard]] Bytes bzimage() const;
  /// The code alone, which can lie anywhere.
  [[nodiscard]] const Bytes& instructions() const { return code_; }

 private:
  static constexpr std::uint32_t kEntry = 0x1000000;

  TinyGuest& code(std::initializer_list<std::uint8_t> bytes);
  TinyGuest& word(std::uint32_t value);
  TinyGuest& port(std::uint16_t number);
  /// Puts `body` into a loop; it leaves EBP alone.
  template <typename Body>
  TinyGuest& repeat(std::uint32_t times, Body body);

  Bytes code_;
  std::map<std::uint32_t, Bytes> data_;
};

}  // namespace virtsev::vmm::test
