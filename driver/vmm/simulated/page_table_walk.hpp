// SPDX-License-Identifier: LGPL-2.1-or-later
// All that a vCPU's page tables map without C-bit (AMD APM volume 2, sections 5.2, 5.3 and 15.34.5). The
// tables are the guest's, and may hold anything: they may refer to themselves, or map every second page.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <linux/kvm.h>

#include "driver/vmm/simulated/page_runs.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// Whether a vCPU in this state has page tables that know a C-bit. With paging off, and without PAE, all of
/// its accesses are private.
bool has_c_bit_tables(const kvm_sregs& registers);

/// One walk over the tables of several vCPUs, one after the other.
class PageTableWalk {
 public:
  enum class Refusal {
    kTooManyTables,  ///< More than kMostTables
    kTooManyRuns,    ///< What they map without C-bit is in more pieces than PageRuns holds
  };
  /// A page counts once for each level at which it is used. In pages of 4 KiB so many tables map 64 GiB; a
  /// walk over them takes some 0.1 s.
  static constexpr std::size_t kMostTables = 32768;

  /// Fills `to` from private memory, as the processor's walks do whatever the C-bit says; false where there
  /// is no memory.
  using ReadTable = std::function<bool(GuestAddress from, MutableBytes to)>;
  /// `c_bit`: as a mask. `memory`: what counts of it, in order; all else that is mapped is left out, and no
  /// table lies behind it.
  PageTableWalk(ReadTable read, std::uint64_t c_bit, std::vector<PageRuns::Run> memory);

  /// Of a vCPU in this state; nothing to do without such tables. After a refusal the walk is of no use.
  Result<void, Refusal> walk(const kvm_sregs& registers);

  /// A vCPU in this state executes what lies at this linear address: private, too, as instructions are
  /// fetched so whatever the C-bit says (section 15.34.5).
  Result<void, Refusal> add_code(const kvm_sregs& registers, std::uint64_t linear);

  /// Tables that a pointer without C-bit leads to, and code that is mapped without it.
  [[nodiscard]] const PageRuns& always_private() const { return always_private_; }
  /// What is mapped without C-bit.
  [[nodiscard]] const PageRuns& shared() const { return shared_; }

 private:
  using Outcome = Result<void, Refusal>;

  Outcome walk_pae_root(std::uint64_t root);
  Outcome follow(std::uint64_t pointer, unsigned level);
  /// Whether it is the first time.
  bool note(std::uint64_t table, unsigned level);
  Outcome look_at(std::uint64_t entry, unsigned level);
  /// The page of 4 KiB at this linear address, with its C-bit; nothing where none is mapped.
  [[nodiscard]] std::optional<std::uint64_t> find_page(const kvm_sregs& registers,
                                                       std::uint64_t linear) const;
  /// 0, which is not present, where there is no memory.
  [[nodiscard]] std::uint64_t entry_at(std::uint64_t address) const;
  [[nodiscard]] Outcome add(PageRuns& to, std::uint64_t start, std::uint64_t size) const;

  ReadTable read_;
  std::uint64_t c_bit_;
  std::vector<PageRuns::Run> memory_;
  /// For each page a bit for each level at which it was seen as a table, where there was one in these 128
  /// MiB: hostile tables have millions of pointers to each other.
  using Seen = std::array<std::uint8_t, 32768>;
  std::vector<std::unique_ptr<Seen>> seen_;
  std::size_t seen_count_ = 0;
  PageRuns always_private_;
  PageRuns shared_;
};

}  // namespace virtsev::vmm
