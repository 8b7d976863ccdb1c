// SPDX-License-Identifier: LGPL-2.1-or-later
// The order in which a guest is made, as the kernel's SEV interface asks for it (Linux,
// Documentation/virt/kvm/x86/amd-memory-encryption.rst): seen by a SevVm that keeps what it is asked.
#include <gmock/gmock.h>

#include "driver/vmm/guest/guest.hpp"
#include "driver/vmm/simulated/simulated_platform.hpp"
#include "sevcore/launch/policy.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/platform_proxy.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using sevcore::GuestCommand;

/// One call to the kernel, and how many vCPUs the machine had at that moment.
struct Step {
  std::string call;
  std::size_t vcpus;
  friend bool operator==(const Step&, const Step&) = default;
};
void PrintTo(const Step& step, std::ostream* out) { *out << step.call << " with " << step.vcpus; }

/// Passes everything on to the simulated kernel.
class RecordingVm : public sevcore::SevVm {
 public:
  RecordingVm(std::unique_ptr<sevcore::SevVm> vm, sevcore::VcpuStates states, std::vector<Step>& steps)
      : vm_(std::move(vm)), states_(std::move(states)), steps_(steps) {}
  sevcore::Outcome operate(GuestCommand command, void* data) override {
    record(std::string(sevcore::name_of(command)));
    return vm_->operate(command, data);
  }
  sevcore::Outcome register_memory(void* address, std::size_t size) override {
    record("REG_REGION");
    return vm_->register_memory(address, size);
  }
  sevcore::Outcome unregister_memory(void* address, std::size_t size) override {
    record("UNREG_REGION");
    return vm_->unregister_memory(address, size);
  }
  [[nodiscard]] bool simulated() const override { return true; }

 private:
  /// The same call many times over is one step.
  void record(std::string call) {
    Step step{std::move(call), states_().size()};
    if (steps_.empty() || !(steps_.back() == step)) {
      steps_.push_back(std::move(step));
    }
  }

  std::unique_ptr<sevcore::SevVm> vm_;
  sevcore::VcpuStates states_;
  std::vector<Step>& steps_;
};

/// The simulated platform with a RecordingVm before its kernel.
class RecordingPlatform final : public PlatformProxy {
 public:
  RecordingPlatform(std::unique_ptr<Platform> platform, std::vector<Step>& steps)
      : PlatformProxy(std::move(platform)), steps_(steps) {}
  std::unique_ptr<sevcore::SevVm> make_sev_vm(int vm, const sevcore::Protection& protection,
                                              sevcore::VcpuStates states) override {
    auto made = PlatformProxy::make_sev_vm(vm, protection, states);
    return std::make_unique<RecordingVm>(std::move(made), std::move(states), steps_);
  }

 private:
  std::vector<Step>& steps_;
};

class GuestSetup : public TinyGuestTest {
 protected:
  std::vector<Step> steps_of(std::uint32_t policy, sevcore::VmsaFlavour flavour) {
    control::Start start = prepare(TinyGuest().spin());
    boot::test::set_policy(start.machine, policy);
    if (!sevcore::Policy(policy).has(sevcore::PolicyBit::kEs)) {
      start.simulated.asid = start.simulated.es_asids + 1;
    }
    start.machine.vcpus = 2;
    boot::test::set_flavour(start.machine, flavour);
    std::vector<Step> steps;
    EventLoop loop;
    const Guest guest(
        start, loop, [](const GuestEnd&) {}, {},
        [&steps](const control::Start& asked, const KvmHost& host) -> std::unique_ptr<Platform> {
          return std::make_unique<RecordingPlatform>(make_platform(asked, host), steps);
        });
    EXPECT_EQ(guest.report().measurement.size(), 48U);
    return steps;
  }
};

TEST_F(GuestSetup, SevEsIsInitialisedBeforeVcpusAndMeasuredAfterThem) {
  const std::vector<Step> expected = {{"INIT2", 0},
                                      {"REG_REGION", 0},
                                      {"LAUNCH_START", 2},
                                      {"LAUNCH_UPDATE_DATA", 2},
                                      {"LAUNCH_UPDATE_VMSA", 2},
                                      {"LAUNCH_MEASURE", 2}};
  EXPECT_EQ(steps_of(5, sevcore::VmsaFlavour::kInit2), expected);
}

TEST_F(GuestSetup, TheOlderInterfaceGoesTheSameWay) {
  const std::vector<Step> expected = {{"ES_INIT", 0},
                                      {"REG_REGION", 0},
                                      {"LAUNCH_START", 2},
                                      {"LAUNCH_UPDATE_DATA", 2},
                                      {"LAUNCH_UPDATE_VMSA", 2},
                                      {"LAUNCH_MEASURE", 2}};
  EXPECT_EQ(steps_of(5, sevcore::VmsaFlavour::kLegacy), expected);
}

TEST_F(GuestSetup, SevMeasuresNoVcpus) {
  const std::vector<Step> expected = {
      {"INIT", 0}, {"REG_REGION", 0}, {"LAUNCH_START", 2}, {"LAUNCH_UPDATE_DATA", 2}, {"LAUNCH_MEASURE", 2}};
  EXPECT_EQ(steps_of(1, sevcore::VmsaFlavour::kLegacy), expected);
}

}  // namespace
}  // namespace virtsev::vmm::test
