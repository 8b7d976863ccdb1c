// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU without KVM: plays exits that a test has written down, and keeps what it is told.
#pragma once

#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>

#include "driver/vmm/kvm/vcpu.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm::test {

class FakeVcpu : public Vcpu {
 public:
  /// One run: fills the area and gives run()'s result.
  using Step = std::function<int(FakeVcpu&)>;

  /// Steps are played in order; after them, or with immediate_exit set, run() gives EINTR.
  void then(Step step) { steps_.push_back(std::move(step)); }

  int run() override {
    ++runs;
    if (area_.immediate_exit != 0 || steps_.empty()) {
      if (on_immediate_exit) {
        on_immediate_exit(*this);
      }
      return EINTR;
    }
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    return step(*this);
  }
  kvm_run& run_area() override { return area_; }
  std::uint8_t* run_data(std::uint64_t offset, std::uint64_t size) override {
    if (offset + size > data.size()) {
      throw std::out_of_range("run_data");
    }
    return data.data() + offset;
  }
  std::uint64_t instruction_pointer() override { return rip; }
  void set_instruction_pointer(std::uint64_t value) override { rip = value; }
  bool interrupts_enabled() override { return interrupts; }
  std::optional<GuestAddress> translate(std::uint64_t linear) override {
    const auto page = pages.find(linear / kPageSize);
    if (page == pages.end()) {
      return std::nullopt;
    }
    return GuestAddress(page->second + linear % kPageSize);
  }
  kvm_sregs special_registers() override { return special; }
  bool set_efer(std::uint64_t value) override {
    constexpr std::uint64_t kLongModeActive = 1ULL << 10;
    if (efer_is_refused) {
      return false;
    }
    special.efer = (value & ~kLongModeActive) | (special.efer & kLongModeActive);
    return true;
  }
  void single_step(bool on) override { stepping = on; }
  void note_pause() override { ++pauses; }
  std::uint32_t mp_state() override { return state; }
  void set_mp_state(std::uint32_t value) override { state = value; }
  std::uint32_t local_apic(std::uint32_t offset) override { return apic[offset]; }
  void set_local_apic(std::uint32_t offset, std::uint32_t value) override { apic[offset] = value; }
  SavedRegisters save_registers() override {
    SavedRegisters saved;
    saved.general.rip = rip;
    saved.special = special;
    return saved;
  }
  void restore_registers(const SavedRegisters& saved) override { rip = saved.general.rip; }

  // Exits, as KVM gives them.
  void exit_with(std::uint32_t reason) { area_.exit_reason = reason; }
  void exit_read_msr(std::uint32_t index) {
    area_.exit_reason = KVM_EXIT_X86_RDMSR;
    area_.msr.index = index;
    area_.msr.data = 0;
    area_.msr.error = 0xff;
  }
  void exit_write_msr(std::uint32_t index, std::uint64_t value) {
    area_.exit_reason = KVM_EXIT_X86_WRMSR;
    area_.msr.index = index;
    area_.msr.data = value;
    area_.msr.error = 0xff;
  }
  void exit_port(std::uint8_t direction, std::uint16_t port, std::uint8_t size, std::uint32_t count) {
    area_.exit_reason = KVM_EXIT_IO;
    area_.io.direction = direction;
    area_.io.port = port;
    area_.io.size = size;
    area_.io.count = count;
    area_.io.data_offset = 0;
  }
  void exit_memory(bool is_write, std::uint64_t address, std::uint32_t size) {
    area_.exit_reason = KVM_EXIT_MMIO;
    area_.mmio.is_write = is_write ? 1 : 0;
    area_.mmio.phys_addr = address;
    area_.mmio.len = size;
  }

  int runs = 0;
  ByteArray<64> data{};
  std::uint64_t rip = 0;
  bool interrupts = true;
  std::map<std::uint64_t, std::uint64_t> pages;  ///< Linear page number to physical address
  kvm_sregs special{};                           ///< Real mode, all segments at 0
  bool efer_is_refused = false;
  bool stepping = false;
  int pauses = 0;
  std::uint32_t state = KVM_MP_STATE_RUNNABLE;
  std::map<std::uint32_t, std::uint32_t> apic;  ///< Registers by offset
  Step on_immediate_exit;

 private:
  kvm_run area_{};
  std::deque<Step> steps_;
};

}  // namespace virtsev::vmm::test
