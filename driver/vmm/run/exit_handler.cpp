// SPDX-License-Identifier: LGPL-2.1-or-later
// What to do after KVM_RUN has returned (Linux, Documentation/virt/kvm/api.rst, "The kvm_run structure").
#include "driver/vmm/run/exit_handler.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "driver/boot/linux/boot_params.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

using control::EndReason;

GuestEnd failed(std::string what) { return {EndReason::kError, std::move(what)}; }

GuestEnd describe_system_event(const kvm_run& area) {
  constexpr std::uint32_t kSevTermination = 6;  // KVM_SYSTEM_EVENT_SEV_TERM, Linux 6.0
  const std::uint32_t type = area.system_event.type;
  if (type == KVM_SYSTEM_EVENT_SHUTDOWN) {
    return {EndReason::kPoweroff, {}};
  }
  if (type == KVM_SYSTEM_EVENT_RESET) {
    return {EndReason::kReset, {}};
  }
  if (type == kSevTermination) {
    const std::uint64_t value = area.system_event.data[0];
    if (boot::is_reset_request(value)) {
      return {EndReason::kReset, {}};
    }
    return {EndReason::kPanic,
            text("the guest asked to be terminated (GHCB termination, reason set {}, reason {})",
                 (value >> 12) & 0xf, (value >> 16) & 0xff)};
  }
  return failed(text("the guest ended with KVM system event {}, which this program does not know", type));
}

std::string describe_state(std::uint32_t mp_state) {
  switch (mp_state) {
    case KVM_MP_STATE_RUNNABLE:
      return text("running");
    case KVM_MP_STATE_HALTED:
      return text("halted");
    case KVM_MP_STATE_UNINITIALIZED:
    case KVM_MP_STATE_INIT_RECEIVED:
      return text("not started by the guest");
    default:
      return text("in a state of its own");
  }
}

}  // namespace

std::string ExitHandler::describe_position(Vcpu& vcpu, std::uint32_t id) const {
  try {
    const std::string state = describe_state(vcpu.mp_state());
    if (mode_.hidden_state()) {
      // Not by whether KVM refuses: Linux 6.1 to 6.9 give the registers of the launch.
      return text("vCPU {}, {}", id, state);
    }
    const std::uint64_t position = vcpu.instruction_pointer();
    return vcpu.interrupts_enabled() ? text("vCPU {} at {:#x}, {}, interrupts on", id, position, state)
                                     : text("vCPU {} at {:#x}, {}, interrupts off", id, position, state);
  } catch (const Error&) {
    return text("vCPU {}", id);
  }
}

GuestEnd ExitHandler::invalid_run(Vcpu& vcpu, std::uint32_t id) const {
  const std::optional<HiddenState> hidden = mode_.hidden_state();
  if (hidden && hidden->shutdown_may_be_einval) {
    return {EndReason::kPanic,
            text("the guest stopped with a triple fault, or asked KVM for what it does not serve (a kernel "
                 "before Linux 6.7 does not tell which: \"{}\"; its log may): {}",
                 std::strerror(EINVAL), describe_position(vcpu, id))};
  }
  if (hidden) {
    return failed(
        text("KVM can't run the guest on ({}), and this is not a triple fault: the guest may have asked "
             "for what KVM does not serve; see the kernel's log: {}",
             std::strerror(EINVAL), describe_position(vcpu, id)));
  }
  return failed(
      text("KVM can't run the guest on ({}): {}", std::strerror(EINVAL), describe_position(vcpu, id)));
}

void ExitHandler::access_ports(Vcpu& vcpu) const {
  const auto io = vcpu.run_area().io;
  std::uint8_t* data = vcpu.run_data(io.data_offset, static_cast<std::uint64_t>(io.size) * io.count);
  for (std::uint32_t i = 0; i < io.count; ++i) {
    const MutableBytes one(data + static_cast<std::size_t>(i) * io.size, io.size);
    if (io.direction == KVM_EXIT_IO_IN) {
      buses_.ports.read(io.port, one);
    } else {
      buses_.ports.write(io.port, one);
    }
  }
}

void ExitHandler::access_memory(Vcpu& vcpu, std::uint32_t id) const {
  const std::optional<GuestAddress> address = mode_.device_address(vcpu, id);
  if (!address) {
    return;
  }
  auto& mmio = vcpu.run_area().mmio;
  const MutableBytes data = MutableBytes(mmio.data).first(std::min<std::size_t>(mmio.len, sizeof(mmio.data)));
  if (mmio.is_write == 0) {
    buses_.memory.read(address->value(), data);
  } else {
    buses_.memory.write(address->value(), data);
  }
}

std::optional<GuestEnd> ExitHandler::handle(Vcpu& vcpu, std::uint32_t id) const {
  kvm_run& area = vcpu.run_area();
  mode_.see_exit(vcpu, id);
  switch (area.exit_reason) {
    case KVM_EXIT_IO: {
      std::optional<GuestEnd> end;
      if (!mode_.take_port(vcpu, id, end)) {
        access_ports(vcpu);
      }
      return end;
    }
    case KVM_EXIT_MMIO:
      access_memory(vcpu, id);
      return std::nullopt;
    case KVM_EXIT_X86_RDMSR:
      mode_.read_register(vcpu, id);
      return std::nullopt;
    case KVM_EXIT_X86_WRMSR:
      return mode_.write_register(vcpu, id);
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
      return std::nullopt;
    case KVM_EXIT_DEBUG:
      return mode_.finish_step(vcpu, id) ? std::nullopt : std::optional(unknown_exit(vcpu, id));
    case KVM_EXIT_SHUTDOWN:
      return GuestEnd{EndReason::kPanic,
                      text("the guest stopped with a triple fault: {}", describe_position(vcpu, id))};
    case KVM_EXIT_SYSTEM_EVENT:
      return describe_system_event(area);
    case KVM_EXIT_INTERNAL_ERROR:
      return failed(text("KVM can't run the guest on (internal error {}): {}", area.internal.suberror,
                         describe_position(vcpu, id)));
    case KVM_EXIT_FAIL_ENTRY:
      return failed(text("the processor refuses the guest's state (reason {:#x}): {}",
                         std::uint64_t{area.fail_entry.hardware_entry_failure_reason},
                         describe_position(vcpu, id)));
    default:
      return unknown_exit(vcpu, id);
  }
}

GuestEnd ExitHandler::unknown_exit(Vcpu& vcpu, std::uint32_t id) const {
  return failed(text("KVM stopped the guest for a reason that this program does not know ({}): {}",
                     std::uint32_t{vcpu.run_area().exit_reason}, describe_position(vcpu, id)));
}

GuestEnd ExitHandler::failed_run(Vcpu& vcpu, std::uint32_t id, int error_number) const {
  return failed(
      text("KVM can't run the guest on ({}): {}", std::strerror(error_number), describe_position(vcpu, id)));
}

std::optional<GuestEnd> ExitHandler::handle_failure(Vcpu& vcpu, std::uint32_t id, int error_number) const {
  switch (error_number) {
    case EINTR:   // a signal: the run loop looks what is wanted
    case EAGAIN:  // a vCPU that waits for its INIT or SIPI was woken
      mode_.return_without_exit(vcpu, id);
      return std::nullopt;
    case EINVAL:
      return invalid_run(vcpu, id);
    case EFAULT:
      return mode_.resolve_fault(vcpu, id) ? std::nullopt : std::optional(failed_run(vcpu, id, error_number));
    default:
      return failed_run(vcpu, id, error_number);
  }
}

}  // namespace virtsev::vmm
