// SPDX-License-Identifier: LGPL-2.1-or-later
// The one rule for private and shared memory in simulation: the guest's page tables decide. What hardware
// does with each access, KVM can be made to do only with what lies behind the addresses without C-bit; this
// keeps that (MemoryView) as the page tables of all vCPUs have it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/standstill.hpp"
#include "driver/vmm/simulated/page_table_walk.hpp"
#include "driver/vmm/simulated/strict_memory.hpp"

namespace virtsev::vmm {

/// Addresses without C-bit reach
/// - private memory where a page table lies that a pointer without C-bit leads to, as walks are private; and
///   where a vCPU executes code that it maps without C-bit, as fetches are, too;
/// - shared memory where a page is mapped without C-bit, and from then on: with paging on, an access without
///   C-bit is shared whoever maps it;
/// - else nothing, and a guest that finds nothing has its tables looked at again;
/// - private memory throughout, but for what is shared, once a vCPU without paging has found nothing there,
///   until a vCPU's tables are next looked at: without paging all accesses are private. Where another vCPU
///   has paging on, both can't be right at the same time: the one without runs alone, from one exit to the
///   next or until another has waited for Standstill::kTurn.
/// That paging begins is seen when it does: writes of EFER are exits, and from one that enables long mode on
/// the guest goes on instruction by instruction until CR0.PG is set.
///
/// What is not seen until anything else has the tables looked at, as no access of it fails: a page that was a
/// table, and is now mapped without C-bit, reaches private memory; one that was shared, and is now a table
/// that a pointer without C-bit leads to, is walked in shared memory. So is code in a page without C-bit that
/// was shared before a vCPU came there, or whose vCPU was elsewhere at the last look, executed from shared
/// memory.
///
/// Calls with an id: the vCPU's own thread, in an exit. Where the tables are looked at, all vCPUs are out of
/// the guest. All throw Error where the guest can't go on: it can be the guest's own fault.
class ViewKeeper {
 public:
  /// `memory` outlives this.
  ViewKeeper(StrictMemory& memory, std::size_t vcpus) : memory_(memory), states_(vcpus) {}

  /// In the order of their ids; they outlive their threads.
  Standstill* take_vcpus(std::vector<Vcpu*> vcpus);

  /// GuestMode's, for a vCPU without paging beside one that has it.
  std::optional<int> run_alone(Vcpu& vcpu, std::uint32_t id, const std::function<void()>& kick);
  /// Lets KVM finish the exit's instruction, and nothing after it, so that the instruction pointer stands
  /// behind it. The run loop clears immediate_exit.
  void finish_instruction(Vcpu& vcpu, std::uint32_t id);
  /// An exit of any kind.
  void see_exit(Vcpu& vcpu, std::uint32_t id);
  /// The guest has found nothing at an address. True where that was a page that was closed, and is open now.
  bool resolve_fault(Vcpu& vcpu, std::uint32_t id);
  /// Takes a page out of the view, whatever the tables say, until a vCPU that finds nothing can be helped by
  /// nothing else: so its next use by this vCPU, whose page it is, is seen. One page for each vCPU.
  void close(Vcpu& vcpu, std::uint32_t id, GuestAddress page);
  /// The guest's own access to EFER: writes it. False: it gets a #GP for it.
  bool write_efer(Vcpu& vcpu, std::uint32_t id, std::uint64_t value);
  /// After a single step, or whatever else ends them: goes on with them as long as they are needed. False
  /// where nobody asked for them.
  bool go_on_stepping(Vcpu& vcpu, std::uint32_t id);
  /// The memory that the guest means by this address, after a look at its tables where it is nothing yet;
  /// null where there is none after it, too.
  const GuestMemory* find_memory(Vcpu& vcpu, std::uint32_t id, GuestAddress address);

  /// A vCPU that is held, and whose tables count for nothing; any thread.
  void set_held(std::uint32_t id, bool held) { states_[id].held = held; }

  /// So often in a row may a look at the tables change nothing for a vCPU that can't go on.
  static constexpr unsigned kMostFruitless = 4;

 private:
  struct State {
    std::atomic<bool> held{false};
    /// It has made all that is not shared private, or has it when it is alone.
    std::atomic<bool> without_paging{false};
    std::atomic<bool> next_run_alone{false};
    std::atomic<std::uint64_t> closed{0};  ///< The page's address; 0: none
    // The thread's own.
    bool fruitless_alone = false;  ///< Alone, too, it has found nothing
    bool stepping = false;
    unsigned fruitless = 0;
  };

  /// Whose doing it is that the tables are looked at.
  enum class Cause : std::uint8_t {
    kFault,   ///< The guest's, which tries again: what another vCPU had looked at may be enough
    kAccess,  ///< Ours, who need the answer now
    kPaging,  ///< Ours, as this vCPU's tables have just begun to count
  };
  /// False: nothing has changed.
  bool rebuild(Vcpu& vcpu, std::uint32_t id, Cause cause);
  bool open_closed(std::uint32_t id);
  [[nodiscard]] PageRuns closed_pages() const;
  MemoryView::Change look_at_tables(bool has_tables);
  int run_with_all_private(Vcpu& vcpu, const std::function<void()>& kick);
  void let_others_run_alone(std::uint32_t id);
  [[nodiscard]] bool others_have_tables(std::uint32_t id) const;
  MemoryView::Change make_all_private();
  MemoryView::Change follow_tables();
  void step_until_paging(Vcpu& vcpu, State& state, const kvm_sregs& registers);
  void stop_stepping(Vcpu& vcpu, State& state);
  [[noreturn]] static void give_up(Vcpu& vcpu, std::uint32_t id, const kvm_sregs& registers);

  StrictMemory& memory_;
  std::vector<State> states_;
  std::vector<Vcpu*> vcpus_;
  Standstill standstill_;
};

}  // namespace virtsev::vmm
