// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/simulated/view_keeper.hpp"

#include <cerrno>
#include <utility>

#include "driver/vmm/simulated/vmgexit.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kPaging = 1ULL << 31;         // CR0.PG
constexpr std::uint64_t kLongModeEnable = 1ULL << 8;  // EFER.LME
/// What a guest here may set in EFER (AMD APM volume 2, section 3.1.7): SCE, LME, LMA (which a write does not
/// change), NXE, LMSLE, FFXSR, TCE and AIBRSE; KVM refuses of them what its host has not. SVME is not for a
/// guest without SVM.
constexpr std::uint64_t kKnownEferBits = 0x20ed01;

std::string reason_of(PageTableWalk::Refusal refusal) {
  switch (refusal) {
    case PageTableWalk::Refusal::kTooManyTables:
      return text("they have more than {} tables", PageTableWalk::kMostTables);
    case PageTableWalk::Refusal::kTooManyRuns:
      break;
  }
  return text("what they share with the host lies in more than {} pieces", PageRuns::kMost);
}

[[noreturn]] void refuse(PageTableWalk::Refusal refusal) {
  throw Error(
      ErrorCode::kOperationFailed,
      text("the guest's page tables are more than a simulated SEV guest may have: {}", reason_of(refusal)));
}

/// What stays shared, and what is now; where that is too scattered, what is now.
PageRuns shared_pages(const PageRuns& until_now, const PageTableWalk& walk) {
  const PageRuns now = PageRuns::subtract(walk.shared(), walk.always_private());
  PageRuns all = PageRuns::unite(PageRuns::subtract(until_now, walk.always_private()), now);
  return all.runs().size() > PageRuns::kMost ? now : all;
}

}  // namespace

Standstill* ViewKeeper::take_vcpus(std::vector<Vcpu*> vcpus) {
  vcpus_ = std::move(vcpus);
  return &standstill_;
}

std::optional<int> ViewKeeper::run_alone(Vcpu& vcpu, std::uint32_t id, const std::function<void()>& kick) {
  State& state = states_[id];
  if (!state.next_run_alone) {
    return std::nullopt;
  }
  const int result = run_with_all_private(vcpu, kick);
  // To finish what it has left with, KVM may look at the instruction once more.
  state.next_run_alone = result == 0;
  state.fruitless_alone = result == EFAULT;
  return result;
}

int ViewKeeper::run_with_all_private(Vcpu& vcpu, const std::function<void()>& kick) {
  int result = 0;
  const auto run = [&] {
    look_at_tables(false);
    result = vcpu.run();
    look_at_tables(true);
  };
  while (!standstill_.run_alone(run, kick)) {
  }
  return result;
}

void ViewKeeper::finish_instruction(Vcpu& vcpu, std::uint32_t id) {
  vcpu.run_area().immediate_exit = 1;
  (void)(states_[id].next_run_alone ? run_with_all_private(vcpu, {}) : vcpu.run());
}

void ViewKeeper::see_exit(Vcpu& vcpu, std::uint32_t id) {
  State& state = states_[id];
  state.fruitless = 0;
  // One that is stepped is looked at after each step.
  if (state.without_paging && !state.stepping && has_c_bit_tables(vcpu.special_registers())) {
    rebuild(vcpu, id, Cause::kPaging);
  }
}

bool ViewKeeper::resolve_fault(Vcpu& vcpu, std::uint32_t id) {
  if (rebuild(vcpu, id, Cause::kFault) || !open_closed(id)) {
    return false;
  }
  rebuild(vcpu, id, Cause::kAccess);
  return true;
}

void ViewKeeper::close(Vcpu& vcpu, std::uint32_t id, GuestAddress page) {
  states_[id].closed = page.value();
  rebuild(vcpu, id, Cause::kAccess);
}

/// Its own, or where it has none, those of all: it may set up another vCPU's.
bool ViewKeeper::open_closed(std::uint32_t id) {
  if (states_[id].closed.exchange(0) != 0) {
    return true;
  }
  bool any = false;
  for (State& state : states_) {
    any = state.closed.exchange(0) != 0 || any;
  }
  return any;
}

PageRuns ViewKeeper::closed_pages() const {
  PageRuns pages;
  for (const State& state : states_) {
    if (const std::uint64_t page = state.closed; page != 0) {
      (void)pages.add({page, page + kPageSize});
    }
  }
  return pages;
}

bool ViewKeeper::write_efer(Vcpu& vcpu, std::uint32_t id, std::uint64_t value) {
  const kvm_sregs before = vcpu.special_registers();
  const bool changes_mode = ((before.efer ^ value) & kLongModeEnable) != 0;
  if ((value & ~kKnownEferBits) != 0 || (changes_mode && (before.cr0 & kPaging) != 0) ||
      !vcpu.set_efer(value)) {
    return false;
  }
  if ((value & kLongModeEnable) != 0 && (before.cr0 & kPaging) == 0) {
    states_[id].stepping = true;  // from the end of this instruction on: go_on_stepping()
  }
  return true;
}

bool ViewKeeper::go_on_stepping(Vcpu& vcpu, std::uint32_t id) {
  State& state = states_[id];
  if (!state.stepping) {
    return false;
  }
  const kvm_sregs registers = vcpu.special_registers();
  if ((registers.cr0 & kPaging) != 0) {
    stop_stepping(vcpu, state);
    rebuild(vcpu, id, Cause::kPaging);
  } else if ((registers.efer & kLongModeEnable) == 0) {
    stop_stepping(vcpu, state);  // It had an INIT, or thought better of it
  } else {
    vcpu.single_step(true);
  }
  return true;
}

void ViewKeeper::stop_stepping(Vcpu& vcpu, State& state) {
  state.stepping = false;
  vcpu.single_step(false);
}

void ViewKeeper::step_until_paging(Vcpu& vcpu, State& state, const kvm_sregs& registers) {
  // A guest that switches paging off and on again need not write EFER for it.
  if ((registers.efer & kLongModeEnable) != 0) {
    state.stepping = true;
    vcpu.single_step(true);
  }
}

bool ViewKeeper::rebuild(Vcpu& vcpu, std::uint32_t id, Cause cause) {
  State& state = states_[id];
  const kvm_sregs registers = vcpu.special_registers();
  const bool has_tables = has_c_bit_tables(registers);
  MemoryView::Change change;
  const auto look = [&] {
    if (has_tables || !others_have_tables(id)) {
      change = look_at_tables(has_tables);
      if (has_tables) {
        let_others_run_alone(id);
      }
    } else {
      state.next_run_alone = true;
      change.any = !state.fruitless_alone;
    }
  };
  while (!standstill_.run_alone(look)) {
    if (cause == Cause::kFault) {
      return true;
    }
  }
  state.without_paging = !has_tables;
  state.next_run_alone = state.next_run_alone && !has_tables;
  if (!has_tables) {
    step_until_paging(vcpu, state, registers);
  }
  if (cause != Cause::kFault || change.any) {
    state.fruitless = 0;
  } else if (closed_pages().empty() && ++state.fruitless == kMostFruitless) {
    give_up(vcpu, id, registers);
  }
  return change.any;
}

MemoryView::Change ViewKeeper::look_at_tables(bool has_tables) {
  const MemoryView::Change change = has_tables ? follow_tables() : make_all_private();
  if (change.more_shared) {
    // KVM writes no clock to a page that is nothing, and tells nobody.
    for (Vcpu* const vcpu : vcpus_) {
      vcpu->note_pause();
    }
  }
  return change;
}

/// Those that had all private until now, and may stand in the middle of an instruction.
void ViewKeeper::let_others_run_alone(std::uint32_t id) {
  for (std::size_t other = 0; other < states_.size(); ++other) {
    State& state = states_[other];
    state.next_run_alone = state.next_run_alone || (other != id && state.without_paging);
  }
}

bool ViewKeeper::others_have_tables(std::uint32_t id) const {
  for (std::size_t other = 0; other < vcpus_.size(); ++other) {
    if (other != id && !states_[other].held && has_c_bit_tables(vcpus_[other]->special_registers())) {
      return true;
    }
  }
  return false;
}

MemoryView::Change ViewKeeper::make_all_private() {
  MemoryView& view = memory_.view();
  const PageRuns shared = view.shared_pages();
  return view.set(PageRuns::subtract(PageRuns::subtract(view.everything(), shared), closed_pages()), shared);
}

MemoryView::Change ViewKeeper::follow_tables() {
  MemoryView& view = memory_.view();
  PageTableWalk walk(
      [this](GuestAddress from, MutableBytes to) { return memory_.private_memory().read(from, to); },
      memory_.c_bit(), view.everything().runs());
  for (std::size_t id = 0; id < vcpus_.size(); ++id) {
    if (states_[id].held) {
      continue;
    }
    // One that waits for its INIT or SIPI has no paging.
    const SavedRegisters registers = vcpus_[id]->save_registers();
    if (const auto walked = walk.walk(registers.special); !walked) {
      refuse(walked.error());
    }
    if (const auto added = walk.add_code(registers.special, linear_instruction_pointer(registers)); !added) {
      refuse(added.error());
    }
  }
  const PageRuns shared = PageRuns::subtract(shared_pages(view.shared_pages(), walk), closed_pages());
  if (shared.runs().size() > PageRuns::kMost || walk.always_private().runs().size() > PageRuns::kMost) {
    refuse(PageTableWalk::Refusal::kTooManyRuns);
  }
  return view.set(walk.always_private(), shared);
}

const GuestMemory* ViewKeeper::find_memory(Vcpu& vcpu, std::uint32_t id, GuestAddress address) {
  const GuestMemory* memory = memory_.seen_at(address);
  if (memory == nullptr && !has_c_bit_tables(vcpu.special_registers())) {
    return &memory_.private_memory();
  }
  if (memory == nullptr) {
    rebuild(vcpu, id, Cause::kAccess);
    memory = memory_.seen_at(address);
  }
  return memory;
}

void ViewKeeper::give_up(Vcpu& vcpu, std::uint32_t id, const kvm_sregs& registers) {
  throw Error(
      ErrorCode::kOperationFailed,
      text("vCPU {} uses an address without C-bit that its page tables do not map so, again and again "
           "(RIP {:#x}, CR0 {:#x}, CR2 {:#x}, CR3 {:#x})",
           id, vcpu.instruction_pointer(), std::uint64_t{registers.cr0}, std::uint64_t{registers.cr2},
           std::uint64_t{registers.cr3}));
}

}  // namespace virtsev::vmm
