// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest that leaves KVM_RUN in any order for any reason, with any access to ports and memory, and somebody
// at its console meanwhile. Nothing but its own end may follow. Input: records of a kind, and what that
// takes.
#include <cstdlib>
#include <optional>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "driver/vmm/devices/console_log.hpp"
#include "driver/vmm/guest/board.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "driver/vmm/run/exit_handler.hpp"
#include "driver/vmm/simulated/simulated_sev.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"
#include "tests/fuzz/input.hpp"

using namespace virtsev;
using fuzz::Input;
using fuzz::require;

namespace {

/// The area behind kvm_run: one page, as KVM has it, checked as KvmVcpu does.
class Vcpu final : public vmm::test::FakeVcpu {
 public:
  std::uint8_t* run_data(std::uint64_t offset, std::uint64_t size) override {
    if (offset > page.size() || size > page.size() - offset) {
      throw Error(ErrorCode::kInternal, "KVM_EXIT_IO");
    }
    return page.data() + offset;
  }
  ByteArray<kPageSize> page{};
};

/// Nobody is interrupted.
class Lines final : public vmm::InterruptController, public vmm::DoorbellController {
 public:
  void set_line(std::uint32_t gsi, bool) override { require(gsi < layout::kIoApicPins); }
  bool set_routes(std::span<const Route>) override { return true; }
  void connect(std::uint32_t, int) override {}
  void disconnect(std::uint32_t, int) override {}
  bool add(const vmm::DoorbellPlace&, int) override { return true; }
  void remove(const vmm::DoorbellPlace&, int) override {}
};

/// One for all inputs: what it keeps between them is bounded, too.
struct Machine {
  Machine() {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    user.reset(ends[0]);
    master.reset(ends[1]);
    spec::Serial serial;
    serial.terminal_master = master.get();
    for (std::size_t i = 0; i < logs.size(); ++i) {
      logs[i].reset(::memfd_create("log", MFD_CLOEXEC));
      serial.log[i] = logs[i].get();
    }
    board.emplace(
        vmm::Board::Wiring{lines, lines, loop, loop, memory, vmm::device_windows(512 * layout::kMiB)},
        std::vector<vmm::DeviceOptions>{serial, vmm::RealTimeClockOptions{}, vmm::AcpiPowerOptions{},
                                        vmm::KeyboardControllerOptions{}});
  }
  UniqueFd user;
  UniqueFd master;
  std::array<UniqueFd, vmm::ConsoleLog::kFiles> logs;
  /// What the console's source has to say now, if anything: the other one always has something.
  void serve_console() {
    loop.run_once();
    loop.run_once();
  }
  Lines lines;
  vmm::SharedMemory memory;
  vmm::EventLoop loop;
  UniqueFd always{::eventfd(1, EFD_CLOEXEC)};
  vmm::EventLoop::Source idle = loop.watch(always.get(), EPOLLIN, [](std::uint32_t) {});
  std::optional<vmm::Board> board;
};

void access_port(Input& input, vmm::ExitHandler& handler, Vcpu& vcpu) {
  // Most ports are nobody's; the first byte chooses between those that somebody has, and any.
  static constexpr std::uint16_t kOwned[] = {layout::kCom1Port, layout::kRtcPort, layout::kPowerPort,
                                             vmm::KeyboardController::kPort};
  const auto choice = input.number<std::uint8_t>();
  const auto number = input.number<std::uint16_t>();
  const auto port = static_cast<std::uint16_t>((choice & 4) != 0 ? number : kOwned[choice & 3] + number % 12);
  const auto width = static_cast<std::uint8_t>(1U << (choice >> 3) % 3);
  const std::uint32_t count = 1 + input.number<std::uint16_t>() % (kPageSize / width);
  const bool is_read = (choice & 0x40) != 0;
  const auto value = input.number<std::uint32_t>();
  for (std::size_t i = 0; i < vcpu.page.size(); ++i) {
    vcpu.page[i] = static_cast<std::uint8_t>(value >> 8 * (i % 4));
  }
  vcpu.exit_port(is_read ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT, port, width, count);
  require(!handler.handle(vcpu, 0));
}

void access_memory(Input& input, vmm::ExitHandler& handler, Vcpu& vcpu) {
  kvm_run& area = vcpu.run_area();
  const auto address = input.number<std::uint64_t>();
  const std::uint32_t size = 1U << input.number<std::uint8_t>() % 4;
  vcpu.exit_memory((input.number<std::uint8_t>() & 1) != 0, address, size);
  require(!handler.handle(vcpu, 0));
  // Only the PCI host answers in memory.
  const bool pci = address >= layout::kPciEcam.start.value() && address < layout::kPciEcam.end().value();
  require(area.mmio.is_write != 0 || pci || area.mmio.data[0] == 0xff);
}

/// An end has a reason that a person can read, unless it is one that the guest asked for.
void check_end(const std::optional<vmm::GuestEnd>& end) {
  const bool asked_for =
      end && (end->reason == control::EndReason::kPoweroff || end->reason == control::EndReason::kReset);
  require(!end || asked_for || !end->text.empty());
}

void leave_otherwise(Input& input, vmm::ExitHandler& handler, Vcpu& vcpu) {
  const auto reason = input.number<std::uint8_t>();
  if (reason == KVM_EXIT_IO || reason == KVM_EXIT_MMIO) {
    return;
  }
  vcpu.exit_with(reason);
  kvm_run& area = vcpu.run_area();
  area.msr.index = vmm::SimulatedSev::kGhcbMsr + input.number<std::uint8_t>() % 3;
  area.msr.data = input.number<std::uint32_t>();
  if (reason == KVM_EXIT_SYSTEM_EVENT) {
    area.system_event.type = input.number<std::uint8_t>() % 8;
  }
  check_end(handler.handle(vcpu, 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Machine machine;
  Input input(ByteView(data, size));
  Vcpu vcpu;
  const auto kind = input.number<std::uint8_t>();
  vmm::NativeMode mode((kind & 1) != 0 ? std::optional(vmm::HiddenState{(kind & 2) != 0}) : std::nullopt);
  vmm::ExitHandler handler(machine.board->buses(), mode);
  vcpu.rip = 0x1000;
  while (!input.empty()) {
    switch (input.number<std::uint8_t>() % 8) {
      case 0:
      case 1:
      case 2:
        access_port(input, handler, vcpu);
        break;
      case 3:
        access_memory(input, handler, vcpu);
        break;
      case 4:
        leave_otherwise(input, handler, vcpu);
        break;
      case 5:
        check_end(handler.handle_failure(vcpu, 0, 1 + input.number<std::uint8_t>() % 133));
        break;
      case 6: {
        const auto typed = input.number<std::uint32_t>();
        (void)!::write(machine.user.get(), &typed, sizeof(typed));
        machine.serve_console();
        break;
      }
      default: {
        ByteArray<256> shown{};
        (void)!::read(machine.user.get(), shown.data(), shown.size());
        machine.serve_console();
        machine.board->panel().press_power_button();
        break;
      }
    }
  }
  for (const UniqueFd& log : machine.logs) {
    require(::lseek(log.get(), 0, SEEK_END) <= static_cast<off_t>(vmm::ConsoleLog::kFileCapacity));
  }
  return 0;
}
