// SPDX-License-Identifier: LGPL-2.1-or-later
// A pty that was hung up costs nothing, and works again for whoever opens it next.
#include "driver/vmm/devices/console_watch.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "driver/vmm/devices/serial_port.hpp"
#include "driver/vmm/loop/timer.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {
namespace {

class HungUpConsole : public testing::Test {
 protected:
  HungUpConsole() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 128> name{};
    if (!master_ || ::unlockpt(master_.get()) != 0 ||
        ::ptsname_r(master_.get(), name.data(), name.size()) != 0) {
      throw std::runtime_error("no pty");
    }
    path_ = name.data();
    console_.connect(port_);
  }
  UniqueFd open_terminal() const {
    UniqueFd terminal(::open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios settings{};
    ::tcgetattr(terminal.get(), &settings);
    ::cfmakeraw(&settings);
    ::tcsetattr(terminal.get(), TCSANOW, &settings);
    return terminal;
  }
  /// How often the pty is looked at in a second, or until `until_` holds.
  int calls_in_a_second() {
    int calls = -1;  // The timer's own event
    second_is_over_ = false;
    timer_.set(std::chrono::seconds(1));
    while (!second_is_over_ && !(until_ && until_())) {
      loop_.run_once();
      ++calls;
    }
    return calls;
  }
  bool port_has_input() { return port_.room() < SerialPort::kInputCapacity; }

  UniqueFd master_;
  std::string path_;
  EventLoop loop_;
  bool second_is_over_ = false;
  Timer timer_{loop_, [this] { second_is_over_ = true; }};
  Console console_{master_.get(), std::nullopt,
                   [this](Console::Interest interest) { watch_.set_interest(interest); }};
  ConsoleWatch watch_{loop_, master_.get(), console_};
  SerialPort port_{InterruptLine(), [this](ByteView output) { console_.write(output); },
                   [this] { console_.room_again(); }};
  std::function<bool()> until_;
};

TEST_F(HungUpConsole, IsLookedAtAFewTimesAndNotForEver) {
  open_terminal().reset();
  EXPECT_LT(calls_in_a_second(), 10);
}

TEST_F(HungUpConsole, StaysQuietWhenTheGuestWrites) {
  open_terminal().reset();
  calls_in_a_second();
  console_.write(bytes_of("into the void"));
  EXPECT_LT(calls_in_a_second(), 10);
}

TEST_F(HungUpConsole, ServesTheNextOneWhoOpensIt) {
  open_terminal().reset();
  calls_in_a_second();
  const UniqueFd terminal = open_terminal();
  ASSERT_EQ(::write(terminal.get(), "x", 1), 1);
  until_ = [this] { return port_has_input(); };
  calls_in_a_second();
  EXPECT_TRUE(port_has_input());
  console_.write(bytes_of("hello"));
  std::array<char, 5> read{};
  ASSERT_EQ(::read(terminal.get(), read.data(), read.size()), 5);
  EXPECT_EQ(std::string(read.data(), read.size()), "hello");
}

}  // namespace
}  // namespace virtsev::vmm::test
