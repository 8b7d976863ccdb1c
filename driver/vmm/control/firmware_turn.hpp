// SPDX-License-Identifier: LGPL-2.1-or-later
// The monitor's turn with the simulated firmware: asked of virtsevd, and granted by it
// (driver/daemon/platform/firmware_turns.hpp says how).
#pragma once

#include <cstdint>

#include "driver/vmm/control/control_server.hpp"
#include "sevcore/simulated/simulated_share.hpp"

namespace virtsev::vmm {

/// The I/O thread's alone, as all of the firmware's commands are.
class FirmwareTurn final : public sevcore::FirmwareQueue {
 public:
  /// `server` outlives this.
  explicit FirmwareTurn(ControlServer& server) : server_(server) {}

  /// Returns at once where the peer is a virtsevd that grants no turns (before version 4). Throws
  /// Error(kOperationAborted) where the guest ends meanwhile.
  void enter(std::uint64_t bytes) override;
  void leave() noexcept override;

  /// GrantFirmware has come.
  void granted(std::uint64_t number);

  /// While this lives, one turn does for all commands: for many small ones without anything slow in between.
  class Batch {
   public:
    explicit Batch(FirmwareTurn* turn) : turn_(turn) {
      if (turn_ != nullptr) {
        turn_->batching_ = true;
      }
    }
    ~Batch() {
      if (turn_ != nullptr) {
        turn_->batching_ = false;
        turn_->leave();
      }
    }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

   private:
    FirmwareTurn* turn_;
  };

 private:
  void ask(std::uint64_t bytes);
  void give_back(std::uint64_t number);

  ControlServer& server_;
  std::uint64_t number_ = 0;  // Of the last wish
  bool wanted_ = false;       // It waits
  bool held_ = false;
  bool batching_ = false;
};

}  // namespace virtsev::vmm
