// SPDX-License-Identifier: LGPL-2.1-or-later
// Guests of a few instructions. Encodings: AMD APM volume 3.
#include "tests/driver/vmm/tiny_guest.hpp"

#include <algorithm>

#include "driver/boot/memory_layout.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint16_t kSerial = boot::layout::kCom1Port;
constexpr std::uint32_t kGhcbMsr = 0xc0010130;

}  // namespace

TinyGuest& TinyGuest::code(std::initializer_list<std::uint8_t> bytes) {
  code_.insert(code_.end(), bytes);
  return *this;
}

TinyGuest& TinyGuest::word(std::uint32_t value) {
  append_le<std::uint32_t>(code_, value);
  return *this;
}

/// mov dx, number
TinyGuest& TinyGuest::port(std::uint16_t number) {
  return code({0x66, 0xba, static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)});
}

TinyGuest& TinyGuest::print(std::string_view text) {
  port(kSerial);
  for (const char character : text) {
    code({0xb0, static_cast<std::uint8_t>(character), 0xee});  // mov al, character; out dx, al
  }
  return *this;
}

TinyGuest& TinyGuest::print_memory(std::uint32_t address, std::uint32_t count) {
  port(kSerial);
  for (std::uint32_t i = 0; i < count; ++i) {
    code({0xa0}).word(address + i).code({0xee});  // mov al, [address]; out dx, al
  }
  return *this;
}

TinyGuest& TinyGuest::print_msr_digit(std::uint32_t index) {
  code({0xb9}).word(index).code({0x0f, 0x32});  // mov ecx, index; rdmsr
  port(kSerial);
  return code({0x04, '0', 0xee});  // add al, '0'; out dx, al
}

TinyGuest& TinyGuest::vmgexit(std::uint32_t request) {
  code({0xb9}).word(kGhcbMsr);            // mov ecx, GHCB
  code({0xb8}).word(request);             // mov eax, request
  return code({0x31, 0xd2, 0x0f, 0x30,    // xor edx, edx; wrmsr
               0xf3, 0x0f, 0x01, 0xd9});  // rep vmmcall
}

TinyGuest& TinyGuest::print_ghcb_answer(std::uint32_t request) {
  vmgexit(request);
  code({0x0f, 0x32, 0xc1, 0xe8, 24});  // rdmsr; shr eax, 24
  port(kSerial);
  return code({0xee});  // out dx, al
}

TinyGuest& TinyGuest::echo_one_byte() {
  port(kSerial + 5);
  code({0xec, 0xa8, 0x01, 0x74, 0xfb});  // 1: in al, dx; test al, 1; jz 1b
  port(kSerial);
  return code({0xec, 0xee});  // in al, dx; out dx, al
}

TinyGuest& TinyGuest::wait_for_power_button() {
  port(boot::layout::kEventStatusPort);
  return code({0xed, 0xa8, 0x01, 0x74, 0xfb});  // 1: in eax, dx; test al, 1; jz 1b
}

TinyGuest& TinyGuest::write_port(std::uint16_t number, std::uint8_t value) {
  return port(number).code({0xb0, value, 0xee});
}

TinyGuest& TinyGuest::power_off() {
  return write_port(boot::layout::kSleepControlPort, boot::layout::kPowerOffValue).spin();
}

TinyGuest& TinyGuest::reset() {
  return write_port(boot::layout::kResetPort, boot::layout::kResetValue).spin();
}

/// An undefined instruction, without an interrupt table.
TinyGuest& TinyGuest::triple_fault() { return code({0x0f, 0x0b}); }

TinyGuest& TinyGuest::spin() { return code({0xeb, 0xfe}); }

Bytes TinyGuest::bzimage() const {
  Bytes image = boot::test::synthetic_bzimage(round_up(std::max<std::size_t>(code_.size(), 16), 16));
  std::copy(code_.begin(), code_.end(), image.begin() + boot::test::kSyntheticCodeOffset);
  return image;
}

}  // namespace virtsev::vmm::test
