// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/real_time_clock.hpp"

#include <optional>
#include <utility>

#include "driver/vmm/devices/port_device.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint16_t kIndexPort = 0;
constexpr std::uint8_t kIndexMask = 0x7f;  // bit 7 gates a PC's NMI, which this machine does not have

enum Register : std::uint8_t {
  kSeconds = 0x00,
  kMinutes = 0x02,
  kHours = 0x04,
  kWeekday = 0x06,
  kDay = 0x07,
  kMonth = 0x08,
  kYear = 0x09,
  kStatusA = 0x0a,
  kStatusB = 0x0b,
  kStatusC = 0x0c,
  kStatusD = 0x0d,
  kCentury = 0x32,  // where the ACPI tables of PCs say it is
};

std::uint8_t bcd(std::int64_t value) { return static_cast<std::uint8_t>(value / 10 % 10 * 16 + value % 10); }

/// What a register of the clock itself holds; nothing for plain memory.
std::optional<std::uint8_t> clock_register(std::uint8_t index, const RealTimeClock::Clock& clock) {
  switch (index) {
    case kStatusA:
      return 0x26;  // 32,768 Hz time base, 1,024 Hz rate; no update in progress
    case kStatusB:
      return 0x02;  // 24 hours, BCD, no interrupts
    case kStatusC:
      return 0x00;  // no interrupt happened
    case kStatusD:
      return 0x80;  // the battery is good
    default:
      break;
  }
  // Not gmtime_r: it would open the time zone's file, and the monitor opens no path.
  using namespace std::chrono;
  const auto now = clock();
  const auto today = floor<days>(now);
  const year_month_day date(today);
  const hh_mm_ss time(floor<seconds>(now - today));
  const int year = static_cast<int>(date.year());
  switch (index) {
    case kSeconds:
      return bcd(time.seconds().count());
    case kMinutes:
      return bcd(time.minutes().count());
    case kHours:
      return bcd(time.hours().count());
    case kWeekday:
      return bcd(weekday(today).c_encoding() + 1);
    case kDay:
      return bcd(static_cast<unsigned>(date.day()));
    case kMonth:
      return bcd(static_cast<unsigned>(date.month()));
    case kYear:
      return bcd(year % 100);
    case kCentury:
      return bcd(year / 100);
    default:
      return std::nullopt;
  }
}

}  // namespace

RealTimeClock::RealTimeClock(Clock clock) : clock_(std::move(clock)) {}

std::uint8_t RealTimeClock::read_register(std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  if (offset == kIndexPort) {
    return index_;
  }
  return clock_register(index_, clock_).value_or(memory_[index_]);
}

void RealTimeClock::write_register(std::uint64_t offset, std::uint8_t value) {
  const std::lock_guard lock(mutex_);
  if (offset == kIndexPort) {
    index_ = value & kIndexMask;
  } else {
    memory_[index_] = value;  // under a register of the clock nobody sees it
  }
}

std::unique_ptr<Device> make_device(const RealTimeClockOptions&, const Surroundings& surroundings) {
  return std::make_unique<PortDevice<RealTimeClock>>(surroundings.buses.ports, "clock",
                                                     BusRange{layout::kRtcPort, RealTimeClock::kPortCount});
}

}  // namespace virtsev::vmm
