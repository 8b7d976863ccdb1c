// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's SEV interface without a kernel: keeps what is asked, fails where a test wants it.
#pragma once

#include <cstring>
#include <optional>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/kernel/sev_vm.hpp"

namespace virtsev::vmm::test {

class FakeSevVm : public sevcore::SevVm {
 public:
  struct Call {
    sevcore::GuestCommand command;
    Bytes seen;  ///< LAUNCH_UPDATE_DATA: the memory at that moment
  };

  sevcore::Outcome operate(sevcore::GuestCommand command, void* data) override {
    Call call{command, {}};
    if (command == sevcore::GuestCommand::kLaunchUpdateData) {
      const auto& arguments = *static_cast<sevcore::LaunchUpdateDataArguments*>(data);
      const auto* from = reinterpret_cast<const std::uint8_t*>(arguments.address);
      call.seen.assign(from, from + arguments.length);
      updated.push_back(arguments);
    }
    if (command == sevcore::GuestCommand::kLaunchMeasure) {
      const auto& arguments = *static_cast<sevcore::LaunchMeasureArguments*>(data);
      std::memset(reinterpret_cast<void*>(arguments.address), 0x5a, arguments.length);
    }
    if (command == sevcore::GuestCommand::kLaunchStart) {
      start = *static_cast<sevcore::LaunchStartArguments*>(data);
    }
    if (command == sevcore::GuestCommand::kLaunchSecret) {
      secret = *static_cast<sevcore::PacketArguments*>(data);
    }
    if (command == sevcore::GuestCommand::kDebugDecrypt || command == sevcore::GuestCommand::kDebugEncrypt) {
      const auto& arguments = *static_cast<sevcore::DebugArguments*>(data);
      (command == sevcore::GuestCommand::kDebugDecrypt ? decrypted : encrypted).push_back(arguments);
      if (command != failing) {
        apply_cipher(arguments);
      }
    }
    calls.push_back(call);
    return command == failing ? failure : sevcore::Outcome{};
  }
  sevcore::Outcome register_memory(void* address, std::size_t size) override {
    registered.emplace_back(address, size);
    return registration;
  }
  sevcore::Outcome unregister_memory(void*, std::size_t) override { return {}; }
  [[nodiscard]] bool simulated() const override { return true; }

  [[nodiscard]] std::vector<sevcore::GuestCommand> commands() const {
    std::vector<sevcore::GuestCommand> all;
    for (const Call& call : calls) {
      all.push_back(call.command);
    }
    return all;
  }

  /// So that a test sees what went through the firmware.
  static constexpr std::uint8_t kCipher = 0xff;

  std::vector<Call> calls;
  std::vector<sevcore::LaunchUpdateDataArguments> updated;
  std::vector<sevcore::DebugArguments> decrypted;
  std::vector<sevcore::DebugArguments> encrypted;
  std::vector<std::pair<void*, std::size_t>> registered;
  sevcore::LaunchStartArguments start;
  sevcore::PacketArguments secret;
  std::optional<sevcore::GuestCommand> failing;
  sevcore::Outcome failure;
  sevcore::Outcome registration;

 private:
  /// Its own inverse.
  static void apply_cipher(const sevcore::DebugArguments& arguments) {
    const auto* from = reinterpret_cast<const std::uint8_t*>(arguments.source);
    auto* to = reinterpret_cast<std::uint8_t*>(arguments.destination);
    for (std::uint32_t i = 0; i < arguments.length; ++i) {
      to[i] = from[i] ^ kCipher;
    }
  }
};

}  // namespace virtsev::vmm::test
