// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV without hardware.
#include "driver/vmm/simulated/simulated_platform.hpp"

#include <algorithm>
#include <utility>

#include "driver/vmm/simulated/simulated_sev.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

std::uint32_t simulated_c_bit_position(std::uint32_t host_physical_bits) {
  constexpr std::uint32_t kHighest = 47;
  return std::min(kHighest, host_physical_bits - 1);
}

namespace {

/// The one ASID that the guest was given.
class GivenAsid final : public sevcore::AsidSource {
 public:
  GivenAsid(std::uint32_t asid, UniqueFd lock) : asid_(asid), lock_(std::move(lock)) {}
  std::optional<std::uint32_t> take(std::uint32_t first, std::uint32_t last) override {
    const bool fits = asid_ >= first && asid_ <= last;
    return fits && !std::exchange(taken_, true) ? std::optional(asid_) : std::nullopt;
  }
  void give_back(std::uint32_t) override { taken_ = false; }
  [[nodiscard]] std::uint32_t count_elsewhere(std::uint32_t) const override { return 0; }

 private:
  std::uint32_t asid_;
  UniqueFd lock_;
  bool taken_ = false;
};

sevcore::SimulatedShare share_of(SimulatedGuestShare given) {
  sevcore::SimulatedShare share;
  share.settings = given.settings;
  share.asids = std::make_shared<GivenAsid>(given.asid, std::move(given.asid_lock));
  share.queue = std::move(given.queue);
  return share;
}

}  // namespace

SimulatedSevPlatform::SimulatedSevPlatform(const KvmHost& host, UniqueFd identity, SimulatedGuestShare share)
    : c_bit_position_(simulated_c_bit_position(physical_address_bits(host.supported_cpuid()))),
      platform_(std::move(identity), share_of(std::move(share))),
      device_(platform_.open_device(sevcore::DeviceAccess::kRead)) {
  for (const unsigned long capability : {KVM_CAP_X86_USER_SPACE_MSR, KVM_CAP_X86_MSR_FILTER}) {
    if (host.extension(capability) == 0) {
      throw Error(
          ErrorCode::kConfigUnsupported,
          text("this host's KVM can't simulate SEV: it passes no model specific registers to the monitor; "
               "Linux 5.10 or newer is needed"));
    }
  }
}

sevcore::AsidPool SimulatedSevPlatform::asid_pool(const sevcore::Protection& protection) const {
  const sevcore::SimulationSettings& settings = platform_.settings();
  const bool es = sevcore::encrypts_state(protection);
  return {es, es ? settings.es_asids : settings.sev_asids, true};
}

unsigned long SimulatedSevPlatform::kvm_vm_type(const sevcore::Protection&) const {
  return static_cast<unsigned long>(sevcore::KvmVmType::kDefault);
}

std::unique_ptr<sevcore::SevVm> SimulatedSevPlatform::make_sev_vm(int, const sevcore::Protection& protection,
                                                                  sevcore::VcpuStates states) {
  const bool init2 = sevcore::interface_of(protection) == sevcore::VmsaFlavour::kInit2;
  return platform_.make_vm(init2 ? sevcore::vm_type_of(protection) : sevcore::KvmVmType::kDefault,
                           std::move(states));
}

std::unique_ptr<MachineMemory> SimulatedSevPlatform::make_memory(std::uint64_t size, std::uint64_t firmware) {
  auto memory = std::make_unique<StrictMemory>(size, c_bit_position_, firmware);
  memory_ = memory.get();
  return memory;
}

std::unique_ptr<GuestMode> SimulatedSevPlatform::make_mode(KvmVm& vm, const sevcore::Protection& protection,
                                                           std::vector<CpuidEntries> cpuid) {
  vm.exit_on_msrs(SimulatedSev::kMsrs);
  return std::make_unique<SimulatedSev>(
      sevcore::encrypts_state(protection), c_bit_position_, *memory_, std::move(cpuid),
      [&vm](std::uint64_t address, std::uint32_t data) { vm.send_message(address, data); });
}

}  // namespace virtsev::vmm
