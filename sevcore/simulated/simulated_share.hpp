// SPDX-License-Identifier: LGPL-2.1-or-later
// What a simulated platform has in common with the host's other guests: settings, ASIDs, and the one firmware
// that does one thing after the other. The process that runs the platform says how: virtsev-vmm has them from
// virtsevd (driver/daemon/platform), a test, or a program that is alone, keeps them in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "sevcore/simulated/simulation_settings.hpp"

namespace virtsev::sevcore {

/// The ASIDs of a simulated host. Any thread.
class AsidSource {
 public:
  virtual ~AsidSource() = default;
  /// The lowest free ASID from `first` to `last`; nothing where all are taken.
  virtual std::optional<std::uint32_t> take(std::uint32_t first, std::uint32_t last) = 0;
  virtual void give_back(std::uint32_t asid) = 0;
  /// How many ASIDs from 1 to `last` are taken by others than who asks.
  [[nodiscard]] virtual std::uint32_t count_elsewhere(std::uint32_t last) const = 0;
};

/// ASIDs in memory, for one process. All that have this object share them.
class AsidSet final : public AsidSource {
 public:
  std::optional<std::uint32_t> take(std::uint32_t first, std::uint32_t last) override;
  void give_back(std::uint32_t asid) override;
  [[nodiscard]] std::uint32_t count_elsewhere(std::uint32_t) const override { return 0; }

 private:
  std::mutex mutex_;
  std::set<std::uint32_t> taken_;
};

/// Who may give the firmware a command.
class FirmwareQueue {
 public:
  virtual ~FirmwareQueue() = default;
  /// Returns when this process may give the firmware one command, which goes over `bytes` bytes of guest
  /// memory. Throws Error where its turn can't come any more.
  virtual void enter(std::uint64_t bytes) = 0;
  /// The command has been carried out.
  virtual void leave() noexcept = 0;
};

/// The right to run one firmware command: waits until it has it, gives it back when it goes.
class QueueTurn {
 public:
  QueueTurn(FirmwareQueue& queue, std::uint64_t bytes) : queue_(queue) { queue_.enter(bytes); }
  ~QueueTurn() { queue_.leave(); }
  QueueTurn(const QueueTurn&) = delete;
  QueueTurn& operator=(const QueueTurn&) = delete;

 private:
  FirmwareQueue& queue_;
};

struct SimulatedShare {
  SimulationSettings settings;
  std::shared_ptr<AsidSource> asids;     ///< Null: a set of the platform's own
  std::shared_ptr<FirmwareQueue> queue;  ///< Null: nobody else is there to wait for
};

}  // namespace virtsev::sevcore
