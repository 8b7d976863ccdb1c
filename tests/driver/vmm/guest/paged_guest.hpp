// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest of a few instructions with page tables of its own, which lie behind its code.
#pragma once

#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/kvm/kvm_host.hpp"
#include "driver/vmm/simulated/simulated_platform.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"
#include "tests/driver/vmm/simulated/page_tables.hpp"

namespace virtsev::vmm::test {

class PagedGuest : public TinyGuestTest {
 protected:
  void SetUp() override {
    TinyGuestTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const KvmHost host(open_file("/dev/kvm", O_RDWR));
    c_bit_ = 1ULL << simulated_c_bit_position(physical_address_bits(host.supported_cpuid()));
    tables_.emplace(c_bit_);
    map_privately(kCode, 256);
    map_privately(kLow, 2);
    map_privately(kFlags, 1);
  }

  /// Where it finds itself.
  void map_privately(std::uint64_t start, std::uint64_t pages) {
    for (std::uint64_t address = start; address < start + pages * kPageSize; address += kPageSize) {
      tables_->map(kRoot, address, address | c_bit_);
    }
  }
  /// Without C-bit, at another linear address.
  void share(std::uint64_t linear, std::uint64_t page) { tables_->map(kRoot, linear, page); }

  control::Start prepare_paged(TinyGuest& guest) {
    for (const auto& [address, table] : tables_->all()) {
      Bytes bytes;
      for (const std::uint64_t entry : table) {
        append_le<std::uint64_t>(bytes, entry);
      }
      guest.data(static_cast<std::uint32_t>(address), bytes);
    }
    return prepare(guest);
  }
  void run_paged(TinyGuest& guest, std::uint32_t vcpus = 1) {
    control::Start start = prepare_paged(guest);
    start.machine.vcpus = vcpus;
    launch(start);
    resume();
  }

  /// Asks, through the GHCB page at `page`, what no version of the protocol has, and sends the lowest byte of
  /// what it finds in SW_EXITINFO1 where the page is mapped.
  static void ask_by_page(TinyGuest& guest, std::uint32_t linear, std::uint32_t page) {
    guest.store(linear + 0x390, 0x7b).store(linear + 0x394, 0).store(linear + 0x3fc, 0x40000);
    guest.vmgexit(page).print("[").print_memory(linear + 0x398, 1).print("]");
  }
  /// As the protocol has it (AMD document 56421): the monitor's answer, and what is there without one.
  static constexpr const char* kAnswered = "[\x02]";
  static std::string unanswered() { return {'[', '\0', ']'}; }

  static constexpr std::uint32_t kCode = 0x1000000;
  static constexpr std::uint32_t kRoot = 0x1010000;
  static constexpr std::uint32_t kLow = 0x20000;
  static constexpr std::uint32_t kFlags = 0x30000;
  static constexpr std::uint32_t kPages = 0x2000000;    ///< RAM that nothing is loaded into
  static constexpr std::uint32_t kWindow = 0x40000000;  ///< Linear addresses that are nobody's
  std::uint64_t c_bit_ = 0;
  std::optional<PageTables> tables_;
};

}  // namespace virtsev::vmm::test
