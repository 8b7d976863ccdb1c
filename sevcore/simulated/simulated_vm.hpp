// SPDX-License-Identifier: LGPL-2.1-or-later
// The SEV side of a simulated virtual machine: answers as Linux's arch/x86/kvm/svm/sev.c does (6.1;
// INIT2: 6.10). What it leaves out: it does not see vCPUs, so it does not refuse an INIT after the first of
// them; it pins no memory, so there is no limit on locked memory.
#pragma once

#include <map>

#include "sevcore/simulated/simulated_host.hpp"

namespace virtsev::sevcore {

class SimulatedVm : public SevVm {
 public:
  SimulatedVm(SimulatedHost& host, KvmVmType type, VcpuStates states);
  ~SimulatedVm() override;
  SimulatedVm(const SimulatedVm&) = delete;
  SimulatedVm& operator=(const SimulatedVm&) = delete;

  Outcome operate(GuestCommand command, void* data) override;
  Outcome register_memory(void* address, std::size_t size) override;
  Outcome unregister_memory(void* address, std::size_t size) override;
  [[nodiscard]] bool simulated() const override { return true; }

 private:
  Outcome run_on_guest(GuestCommand command, void* data);
  Outcome init(bool es);
  Outcome init2(void* data);
  Outcome take_asid();
  Outcome launch_start(void* data);
  Outcome launch_update_data(void* data);
  Outcome launch_update_vmsa();
  Outcome launch_measure(void* data);
  Outcome start_and_activate(MailboxCommand command, LaunchStartBuffer& buffer,
                             LaunchStartArguments& arguments, void* data);
  Outcome packet_in(MailboxCommand command, void* data);
  [[nodiscard]] PacketBuffer packet_buffer(const PacketArguments& arguments) const;

  Outcome send_start(void* data);
  Outcome send_update_data(void* data);
  Outcome receive_start(void* data);

  Outcome guest_status(void* data);
  Outcome attestation_report(void* data);
  /// What the firmware writes into a blob, or how long that is where the caller gives the length 0.
  template <typename Arguments, typename Buffer>
  Outcome fetch_blob(MailboxCommand command, void* data, Arguments& arguments, Buffer& buffer);

  Outcome debug(MailboxCommand command, void* data);
  FirmwareStatus decrypt_piece(std::uint64_t source, std::uint64_t destination, std::uint32_t length);
  FirmwareStatus encrypt_piece(std::uint64_t source, std::uint64_t destination, std::uint32_t length);
  FirmwareStatus submit_debug(MailboxCommand command, std::uint64_t source, std::uint64_t destination,
                              std::uint64_t length);
  FirmwareStatus submit_handle(MailboxCommand command, std::uint32_t handle);

  SimulatedHost& host_;
  KvmVmType type_;
  VcpuStates states_;
  bool es_ = false;
  VmsaFlavour flavour_ = VmsaFlavour::kLegacy;
  std::uint32_t asid_ = 0;    ///< 0: not encrypted
  std::uint32_t handle_ = 0;  ///< 0: not launched
  std::multimap<void*, std::size_t> regions_;
};

}  // namespace virtsev::sevcore
