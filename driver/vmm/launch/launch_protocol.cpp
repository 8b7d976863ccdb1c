// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/launch/launch_protocol.hpp"

#include "driver/vmm/launch/load.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

/// An ordinary guest: loading is all.
class PlainProtocol final : public LaunchProtocol {
 public:
  explicit PlainProtocol(const LaunchSubject& subject) : subject_(subject) {}
  void initialise() override {}
  void take_memory() override {}
  Bytes load() override {
    for (const sevcore::PlanStep& step : sevcore::steps_of(subject_.plan)) {
      vmm::load(step, subject_.memory);
    }
    return {};
  }
  void finish() override {}
  Launch* commands() override { return nullptr; }

 private:
  LaunchSubject subject_;
};

/// SEV and SEV-ES (Linux, Documentation/virt/kvm/x86/amd-memory-encryption.rst): INIT, memory registered,
/// LAUNCH_START, LAUNCH_UPDATE_DATA, for SEV-ES LAUNCH_UPDATE_VMSA, LAUNCH_MEASURE, LAUNCH_FINISH.
class SevProtocol final : public LaunchProtocol {
 public:
  SevProtocol(const LaunchSubject& subject, const Launch::OnProgress& on_progress)
      : subject_(subject), commands_(*subject.sev, subject.memory) {
    commands_.report_progress(subject.plan, on_progress);
  }
  void initialise() override {
    commands_.initialise(subject_.asids, sevcore::interface_of(subject_.plan.protection));
  }
  void take_memory() override { commands_.register_memory(); }
  Bytes load() override {
    const sevcore::Protection& protection = subject_.plan.protection;
    commands_.start(sevcore::policy_of(protection).value(), sevcore::owner_of(protection));
    commands_.load_and_measure(subject_.plan);
    return commands_.measure();
  }
  void finish() override { commands_.finish(); }
  Launch* commands() override { return &commands_; }

 private:
  LaunchSubject subject_;
  Launch commands_;
};

}  // namespace

std::unique_ptr<LaunchProtocol> make_launch_protocol(const LaunchSubject& subject,
                                                     const Launch::OnProgress& on_progress) {
  const sevcore::Protection& protection = subject.plan.protection;
  if (!sevcore::is_protected(protection)) {
    return std::make_unique<PlainProtocol>(subject);
  }
  if (!sevcore::policy_of(protection)) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("{} guests can't be started by virtsev yet, only predicted; use <launchSecurity "
                     "type='sev'>",
                     sevcore::name_of(protection)));
  }
  return std::make_unique<SevProtocol>(subject, on_progress);
}

}  // namespace virtsev::vmm
