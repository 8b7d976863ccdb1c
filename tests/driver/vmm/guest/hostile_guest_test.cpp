// SPDX-License-Identifier: LGPL-2.1-or-later
// No input of a guest ends or stalls more than the guest: storms of every kind of exit on real KVM, and the
// monitor answers all the same.
#include <chrono>
#include <functional>

#include <sys/stat.h>

#include "driver/vmm/devices/console_log.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using control::EndReason;
using control::RunState;

constexpr std::uint16_t kSerial = layout::kCom1Port;
constexpr std::uint16_t kSerialStatus = kSerial + 5;
constexpr std::uint32_t kNothingThere = 0xd0000000;
constexpr std::uint32_t kForEver = 0;
constexpr std::uint32_t kSevStatusMsr = 0xc0010131;
constexpr std::uint32_t kGhcbMsr = 0xc0010130;
/// As close to "at once" as a machine allows that has more to do.
constexpr std::chrono::seconds kPromptly{5};

struct Storm {
  const char* name;
  std::function<void(TinyGuest&)> make;
};

void PrintTo(const Storm& storm, std::ostream* out) { *out << storm.name; }

class HostileGuest : public TinyGuestTest {
 protected:
  /// The reply, which has to come soon.
  template <typename T>
  T call_promptly(const control::Request& request) {
    const auto start = std::chrono::steady_clock::now();
    T reply = call<T>(request);
    EXPECT_LT(std::chrono::steady_clock::now() - start, kPromptly) << "request " << request.index();
    return reply;
  }
  control::Status status() { return call_promptly<control::Status>(control::Query{}); }
};

class EveryStorm : public HostileGuest, public testing::WithParamInterface<Storm> {};

TEST_P(EveryStorm, LeavesTheMonitorResponsive) {
  TinyGuest guest;
  guest.move_below_1_mib().print("begin");
  GetParam().make(guest);
  run(guest);
  ASSERT_TRUE(console_shows("begin"));
  monitor_->leave_console();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(status().state, RunState::kRunning);
    call_promptly<control::Done>(control::PowerButton{});
    call_promptly<control::Done>(control::Pause{});
    EXPECT_EQ(status().state, RunState::kPaused);
    call_promptly<control::Done>(control::Resume{});
  }
  call_promptly<control::Done>(control::Quit{});
  EXPECT_EQ(wait_for_end().reason, EndReason::kDestroyed);
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Guests, EveryStorm,
    testing::Values(
        Storm{"Serial", [](TinyGuest& guest) { guest.flood_port(kSerial, kForEver); }},
        Storm{"SerialStrings", [](TinyGuest& guest) { guest.flood_port_with_strings(kSerial, kForEver); }},
        Storm{"SerialReads",
              [](TinyGuest& guest) { guest.drain_port_with_strings(kSerialStatus, kForEver); }},
        Storm{"PortsOfNobody", [](TinyGuest& guest) { guest.flood_port(0x80, kForEver); }},
        Storm{"Mmio", [](TinyGuest& guest) { guest.touch_nothing(kNothingThere, kForEver); }},
        Storm{"SevStatus", [](TinyGuest& guest) { guest.read_msr(kSevStatusMsr, kForEver); }},
        Storm{"GhcbReads", [](TinyGuest& guest) { guest.read_msr(kGhcbMsr, kForEver); }},
        Storm{"GhcbGarbage", [](TinyGuest& guest) { guest.write_ghcb_garbage(kForEver); }},
        Storm{"GhcbInAHole", [](TinyGuest& guest) { guest.vmgexit_with_page(kNothingThere, kForEver); }},
        Storm{"GhcbBeyondMemory",
              [](TinyGuest& guest) { guest.vmgexit_with_page(0xfffffffffffff000, kForEver); }},
        Storm{"GhcbOnNothingValid", [](TinyGuest& guest) { guest.vmgexit_with_page(0x40000, kForEver); }}),
    [](const auto& storm) { return storm.param.name; });

TEST_F(HostileGuest, GoesOnAfterEachOfItsMistakes) {
  TinyGuest guest;
  guest.move_below_1_mib()
      .flood_port_with_strings(0x80, 2)
      .drain_port_with_strings(0xcf8, 2)
      .touch_nothing(kNothingThere, 20)
      .read_msr(kSevStatusMsr, 20)
      .write_ghcb_garbage(20)
      .vmgexit_with_page(kNothingThere, 5)
      .vmgexit_with_page(0xfffffffffffff000, 5)
      .print("still here")
      .power_off();
  run(guest);
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_NE(monitor_->console().find("still here"), std::string::npos);
}

TEST_F(HostileGuest, EndsByARequestThatTheGhcbProtocolDoesNotHave) {
  run(TinyGuest().vmgexit(0x7ff).spin());
  const control::Ended ended = wait_for_end();
  EXPECT_EQ(ended.reason, EndReason::kPanic);
  EXPECT_NE(ended.text.find("0x7ff"), std::string::npos) << ended.text;
}

TEST_F(HostileGuest, FillsItsLogsAndNothingMore) {
  // A guest of so few instructions can't write 8 MiB in time: the logs are all but full when it starts.
  constexpr std::uint64_t kCapacity = 2ULL << 20;
  static_assert(kCapacity == ConsoleLog::kFileCapacity && ConsoleLog::kFiles == 4, "the design's numbers");
  constexpr std::uint64_t kRoom = 100;
  control::Start start = prepare(TinyGuest().flood_port(kSerial, 3 * kRoom).print("end").power_off());
  std::array<UniqueFd, ConsoleLog::kFiles> logs;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    logs[i] = open_file(directory_.path("log" + std::to_string(i)), O_RDWR | O_CREAT);
    ASSERT_EQ(::ftruncate(logs[i].get(), static_cast<off_t>(kCapacity - (i == 0 ? kRoom : 0))), 0);
    boot::test::serial(start.machine).log[i] = logs[i].get();
  }
  launch(start);
  monitor_->leave_console();
  resume();
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
  for (const UniqueFd& log : logs) {
    struct stat status {};
    ASSERT_EQ(::fstat(log.get(), &status), 0);
    EXPECT_LE(static_cast<std::uint64_t>(status.st_size), kCapacity);
  }
  // The newest has what is left, and its first backup the first of the guest's bytes at its end.
  std::string end(2 * kRoom + 3, ' ');
  ASSERT_EQ(::pread(logs[0].get(), end.data(), end.size(), 0), static_cast<ssize_t>(end.size()));
  EXPECT_EQ(end, std::string(2 * kRoom, 'x') + "end");
  std::string before(kRoom, ' ');
  ASSERT_EQ(::pread(logs[1].get(), before.data(), before.size(), static_cast<off_t>(kCapacity - kRoom)),
            static_cast<ssize_t>(before.size()));
  EXPECT_EQ(before, std::string(kRoom, 'x'));
}

}  // namespace
}  // namespace virtsev::vmm::test
