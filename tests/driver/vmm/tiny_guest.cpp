// SPDX-License-Identifier: LGPL-2.1-or-later
// Guests of a few instructions. Encodings: AMD APM volume 3.
#include "tests/driver/vmm/tiny_guest.hpp"

#include <algorithm>

#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint16_t kSerial = layout::kCom1Port;
constexpr std::uint32_t kGhcbMsr = 0xc0010130;
/// A page of RAM that nothing else uses.
constexpr std::uint32_t kScratch = 0x30000;

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
  port(layout::kEventStatusPort);
  return code({0xed, 0xa8, 0x01, 0x74, 0xfb});  // 1: in eax, dx; test al, 1; jz 1b
}

TinyGuest& TinyGuest::load_ebx(std::uint32_t value) { return code({0xbb}).word(value); }

TinyGuest& TinyGuest::print_bl() {
  return port(kSerial).code({0x88, 0xd8, 0xee});  // mov al, bl; out dx, al
}

TinyGuest& TinyGuest::poll_port(std::uint16_t number) {
  return port(number).code({0xec, 0x41, 0xeb, 0xfc});  // 1: in al, dx; inc ecx; jmp 1b
}

TinyGuest& TinyGuest::write_port(std::uint16_t number, std::uint8_t value) {
  return port(number).code({0xb0, value, 0xee});
}

TinyGuest& TinyGuest::power_off() {
  return write_port(layout::kSleepControlPort, layout::kPowerOffValue).spin();
}

TinyGuest& TinyGuest::reset() { return write_port(layout::kResetPort, layout::kResetValue).spin(); }

/// An undefined instruction, without an interrupt table.
TinyGuest& TinyGuest::triple_fault() { return code({0x0f, 0x0b}); }

TinyGuest& TinyGuest::spin() { return code({0xeb, 0xfe}); }

template <typename Body>
TinyGuest& TinyGuest::repeat(std::uint32_t times, Body body) {
  code({0xbd}).word(times);  // mov ebp, times
  const std::size_t start = code_.size();
  body();
  if (times != 0) {
    code({0x4d, 0x0f, 0x85});  // dec ebp; jnz start
  } else {
    code({0xe9});  // jmp start
  }
  return word(static_cast<std::uint32_t>(start - (code_.size() + 4)));
}

TinyGuest& TinyGuest::flood_port(std::uint16_t number, std::uint32_t times) {
  port(number);
  return repeat(times, [this] { code({0xb0, 'x', 0xee}); });  // mov al, 'x'; out dx, al
}

TinyGuest& TinyGuest::flood_port_with_strings(std::uint16_t number, std::uint32_t times) {
  port(number);
  return repeat(times, [this] {
    code({0xbe}).word(kScratch).code({0xb9}).word(kPageSize);  // mov esi, ...; mov ecx, ...
    code({0xfc, 0xf3, 0x6e});                                  // cld; rep outsb
  });
}

TinyGuest& TinyGuest::drain_port_with_strings(std::uint16_t number, std::uint32_t times) {
  port(number);
  return repeat(times, [this] {
    code({0xbf}).word(kScratch).code({0xb9}).word(kPageSize);  // mov edi, ...; mov ecx, ...
    code({0xfc, 0xf3, 0x6c});                                  // cld; rep insb
  });
}

TinyGuest& TinyGuest::touch_nothing(std::uint32_t address, std::uint32_t times) {
  return repeat(times, [this, address] {
    code({0xa1}).word(address).code({0xa3}).word(address);  // mov eax, [address]; mov [address], eax
  });
}

TinyGuest& TinyGuest::write_memory(std::uint32_t address, std::uint32_t value) {
  return code({0xc7, 0x05}).word(address).word(value);  // mov dword [address], value
}

TinyGuest& TinyGuest::read_msr(std::uint32_t index, std::uint32_t times) {
  return repeat(times, [this, index] {
    code({0xb9}).word(index).code({0x0f, 0x32});
  });  // mov ecx, ...; rdmsr
}

TinyGuest& TinyGuest::write_ghcb_garbage(std::uint32_t times) {
  code({0x31, 0xc0, 0x31, 0xd2});  // xor eax, eax; xor edx, edx
  return repeat(times, [this] {
    code({0x05}).word(0x9e3779b9);                         // add eax, ...
    code({0x31, 0xc2});                                    // xor edx, eax
    code({0xb9}).word(kGhcbMsr).code({0x0f, 0x30, 0x90});  // mov ecx, GHCB; wrmsr; nop
  });
}

TinyGuest& TinyGuest::vmgexit_with_page(std::uint64_t address, std::uint32_t times) {
  return repeat(times, [this, address] {
    code({0xb9}).word(kGhcbMsr);                                   // mov ecx, GHCB
    code({0xb8}).word(static_cast<std::uint32_t>(address));        // mov eax, ...
    code({0xba}).word(static_cast<std::uint32_t>(address >> 32));  // mov edx, ...
    code({0x0f, 0x30, 0xf3, 0x0f, 0x01, 0xd9});                    // wrmsr; rep vmmcall
  });
}

TinyGuest& TinyGuest::move_below_1_mib() {
  constexpr std::uint32_t kLow = 0x20000;
  constexpr std::uint32_t kMostCode = 0x1000;
  code({0xbe}).word(kEntry).code({0xbf}).word(kLow);      // mov esi, ...; mov edi, ...
  code({0xb9}).word(kMostCode).code({0xfc, 0xf3, 0xa4});  // mov ecx, ...; cld; rep movsb
  const auto next = static_cast<std::uint32_t>(code_.size() + 7);
  return code({0xb8}).word(kLow + next).code({0xff, 0xe0});  // mov eax, ...; jmp eax
}

TinyGuest& TinyGuest::load_root(std::uint32_t root) {
  return code({0xb8}).word(root).code({0x0f, 0x22, 0xd8});  // mov eax, root; mov cr3, eax
}

TinyGuest& TinyGuest::enable_paging(std::uint32_t root) {
  code({0x0f, 0x20, 0xe0, 0x83, 0xc8, 0x20, 0x0f, 0x22, 0xe0});  // mov eax, cr4; or eax, PAE; mov cr4, eax
  load_root(root);
  code({0xb9}).word(0xc0000080);                            // mov ecx, EFER
  code({0x0f, 0x32, 0x0d}).word(0x100).code({0x0f, 0x30});  // rdmsr; or eax, LME; wrmsr
  code({0x0f, 0x20, 0xc0, 0x0d}).word(0x80000000);          // mov eax, cr0; or eax, PG
  return code({0x0f, 0x22, 0xc0});                          // mov cr0, eax
}

TinyGuest& TinyGuest::store(std::uint32_t address, std::uint32_t value) {
  return code({0xc7, 0x05}).word(address).word(value);  // mov dword [address], value
}

TinyGuest& TinyGuest::start_vcpu(std::uint32_t apic_id, std::uint8_t vector) {
  const auto apic = static_cast<std::uint32_t>(layout::kLocalApic.start.value());
  constexpr std::uint32_t kCommand = 0x300;
  // KVM knows where its other local APICs are from when a first one is enabled.
  constexpr std::uint32_t kSpuriousVector = 0xf0;
  store(apic + kSpuriousVector, 0x1ff);
  store(apic + kCommand + 0x10, apic_id << 24).store(apic + kCommand, 0x4500);
  return store(apic + kCommand + 0x10, apic_id << 24).store(apic + kCommand, 0x4600U | vector);
}

TinyGuest& TinyGuest::wait_for(std::uint32_t address, std::uint8_t value) {
  return code({0x80, 0x3d}).word(address).code({value, 0x75, 0xf7});  // 1: cmp byte [address], value; jne 1b
}

TinyGuest& TinyGuest::share_one_by_one(std::uint32_t entries, std::uint32_t first_page, std::uint32_t linear,
                                       std::uint32_t count) {
  constexpr std::uint32_t kPresentAndWritable = 3;
  code({0xbf}).word(entries).code({0xb8}).word(first_page |
                                               kPresentAndWritable);  // mov edi, .. ; mov eax, ..
  code({0xbe}).word(linear).code({0xb9}).word(count);                 // mov esi, .. ; mov ecx, ..
  code({0x89, 0x07, 0xc7, 0x47, 0x04, 0, 0, 0, 0});  // 1: mov [edi], eax; mov dword [edi + 4], 0
  code({0x89, 0x0e, 0x83, 0xc7, 0x08});              // mov [esi], ecx; add edi, 8
  code({0x05}).word(kPageSize).code({0x81, 0xc6}).word(kPageSize);  // add eax, 4096; add esi, 4096
  code({0x49, 0x75, 0xe4});                                         // dec ecx; jnz 1b
  code({0xbe}).word(linear).code({0xb9}).word(count);
  code({0x39, 0x0e, 0x75, 0xfe});                                      // 2: cmp [esi], ecx; jne itself
  return code({0x81, 0xc6}).word(kPageSize).code({0x49, 0x75, 0xf3});  // add esi, 4096; dec ecx; jnz 2b
}

TinyGuest& TinyGuest::fill_with_pointers(std::uint32_t start, std::uint32_t count) {
  constexpr std::uint32_t kPresent = 1;
  const std::uint32_t end = start + count * kPageSize;
  code({0xbf}).word(start).code({0xb8}).word(start | kPresent);  // mov edi, start; mov eax, start | present
  code({0x89, 0x07, 0xc7, 0x47, 0x04, 0, 0, 0, 0});              // 1: mov [edi], eax; mov dword [edi + 4], 0
  code({0x83, 0xc7, 0x08, 0x05}).word(kPageSize);                // add edi, 8; add eax, 4096
  code({0x3d}).word(end).code({0x72, 0x05});                     // cmp eax, end; jb 2f
  code({0xb8}).word(start | kPresent);                           // mov eax, start | present
  return code({0x81, 0xff}).word(end).code({0x72, 0xdb});        // 2: cmp edi, end; jb 1b
}

TinyGuest& TinyGuest::copy(std::uint32_t from, std::uint32_t to, std::uint32_t count) {
  code({0xbe}).word(from).code({0xbf}).word(to);             // mov esi, ...; mov edi, ...
  return code({0xb9}).word(count).code({0xfc, 0xf3, 0xa4});  // mov ecx, ...; cld; rep movsb
}

TinyGuest& TinyGuest::data(std::uint32_t address, ByteView bytes) {
  data_[address] = Bytes(bytes.begin(), bytes.end());
  return *this;
}

Bytes TinyGuest::bzimage() const {
  std::size_t size = std::max<std::size_t>(code_.size(), 16);
  for (const auto& [address, bytes] : data_) {
    size = std::max(size, address - kEntry + bytes.size());
  }
  Bytes image = boot::test::synthetic_bzimage(round_up(size, 16));
  const auto put = [&](std::size_t offset, const Bytes& bytes) {
    std::copy(bytes.begin(), bytes.end(),
              image.begin() + static_cast<std::ptrdiff_t>(boot::test::kSyntheticCodeOffset + offset));
  };
  put(0, code_);
  for (const auto& [address, bytes] : data_) {
    put(address - kEntry, bytes);
  }
  return image;
}

}  // namespace virtsev::vmm::test
