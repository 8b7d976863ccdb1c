// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial port, console, a real pty and a log together.
#include "driver/vmm/devices/console.hpp"

#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {
namespace {

class ConsoleOnAPty : public testing::Test {
 protected:
  ConsoleOnAPty() {
    int master = -1;
    int slave = -1;
    termios raw{};
    ::cfmakeraw(&raw);
    EXPECT_EQ(::openpty(&master, &slave, nullptr, &raw, nullptr), 0);
    master_.reset(master);
    slave_.reset(slave);
    ::fcntl(slave, F_SETFL, O_NONBLOCK);
    console_.emplace(master, ConsoleLog({log_.get(), -1, -1, -1}, std::uint64_t{1} << 20),
                     [this](Console::Interest interest) { interests_.push_back(interest); });
    console_->connect(port_);
  }

  void guest_sends(std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<std::uint8_t>(c);
      port_.write(0, ByteView(&byte, 1));
    }
  }
  std::string guest_reads(std::size_t most = SIZE_MAX) {
    std::string text;
    ByteArray<1> data{};
    for (port_.read(5, data); (data[0] & 1) != 0 && text.size() < most; port_.read(5, data)) {
      port_.read(0, data);
      text += static_cast<char>(data[0]);
    }
    return text;
  }
  [[nodiscard]] bool ready(int fd, short events) const {
    pollfd poll_fd{fd, events, 0};
    return ::poll(&poll_fd, 1, 2000) == 1;
  }
  [[nodiscard]] bool ready_now(short events) const {
    pollfd poll_fd{master_.get(), events, 0};
    return ::poll(&poll_fd, 1, 0) == 1;
  }
  /// What a client gets until it has seen `end`, with the I/O thread's part played as the console asks for
  /// it.
  std::string client_reads_up_to(std::string_view end) {
    std::string text;
    std::vector<char> buffer(4096);
    while (!text.ends_with(end) && ready(slave_.get(), POLLIN)) {
      const ssize_t got = ::read(slave_.get(), buffer.data(), buffer.size());
      if (got <= 0) {
        break;
      }
      text.append(buffer.data(), static_cast<std::size_t>(got));
      if (interest().writable && ready_now(POLLOUT)) {
        console_->on_writable();
      }
    }
    return text;
  }
  [[nodiscard]] Console::Interest interest() const {
    return interests_.empty() ? Console::Interest{} : interests_.back();
  }

  UniqueFd master_;
  UniqueFd slave_;
  UniqueFd log_{::memfd_create("log", MFD_CLOEXEC)};
  std::vector<Console::Interest> interests_;
  std::optional<Console> console_;
  SerialPort port_{InterruptLine(), [this](ByteView output) { console_->write(output); },
                   [this] { console_->room_again(); }};
};

TEST_F(ConsoleOnAPty, ShowsWhatTheGuestSends) {
  EXPECT_FALSE(console_->has_spoken());
  guest_sends("hello\n");
  EXPECT_TRUE(console_->has_spoken());
  EXPECT_EQ(client_reads_up_to("hello\n"), "hello\n");
  EXPECT_TRUE(interests_.empty());
}

TEST_F(ConsoleOnAPty, LogsWhatTheGuestSends) {
  guest_sends("hello\n");
  std::string logged(100, '\0');
  logged.resize(static_cast<std::size_t>(::pread(log_.get(), logged.data(), logged.size(), 0)));
  EXPECT_EQ(logged, "hello\n");
}

TEST_F(ConsoleOnAPty, GivesTheGuestWhatTheClientTypes) {
  ASSERT_EQ(::write(slave_.get(), "typed", 5), 5);
  ASSERT_TRUE(ready(master_.get(), POLLIN));
  console_->on_readable();
  EXPECT_EQ(guest_reads(), "typed");
}

TEST_F(ConsoleOnAPty, DoesNotBlockWhereThereIsNothingToRead) {
  console_->on_readable();
  EXPECT_EQ(guest_reads(), "");
  EXPECT_TRUE(interest().readable);
}

TEST_F(ConsoleOnAPty, NeitherLosesNorHoldsLongInput) {
  std::string typed;
  for (int i = 0; i < 2000; ++i) {
    typed += static_cast<char>('a' + i % 26);
  }
  ASSERT_EQ(::write(slave_.get(), typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  std::string read;
  while (read.size() < typed.size()) {
    if (interest().readable && ready_now(POLLIN)) {
      console_->on_readable();
      continue;
    }
    const std::string part = guest_reads(100);
    if (part.empty()) {
      ASSERT_TRUE(interest().readable);
      ASSERT_TRUE(ready(master_.get(), POLLIN)) << "after " << read.size() << " bytes";
    }
    read += part;
  }
  EXPECT_EQ(read, typed);
}

TEST_F(ConsoleOnAPty, StopsWatchingInputThatTheGuestDoesNotRead) {
  const std::string typed(1000, 'x');
  ASSERT_EQ(::write(slave_.get(), typed.data(), typed.size()), 1000);
  ASSERT_TRUE(ready(master_.get(), POLLIN));
  console_->on_readable();
  console_->on_readable();
  EXPECT_FALSE(interest().readable);
  guest_reads(SerialPort::kInputCapacity / 2);
  EXPECT_TRUE(interest().readable);
}

TEST_F(ConsoleOnAPty, LosesNothingToAReaderThatIsSlow) {
  std::string sent;
  for (int i = 0; i < 3000; ++i) {
    sent += "line " + std::to_string(i) + "\n";
  }
  guest_sends(sent);
  EXPECT_TRUE(interest().writable) << "the pty holds less than was sent";
  EXPECT_EQ(client_reads_up_to("line 2999\n"), sent);
  EXPECT_FALSE(interest().writable);
}

TEST_F(ConsoleOnAPty, NeverMakesTheGuestWaitAndKeepsTheNewestOutput) {
  const std::string end = "the end\n";
  guest_sends(std::string(300'000, 'x') + end);
  const std::string read = client_reads_up_to(end);
  EXPECT_LT(read.size(), Console::kBacklog * 3);
  ASSERT_GE(read.size(), end.size());
  EXPECT_EQ(read.substr(read.size() - end.size()), end);
}

TEST_F(ConsoleOnAPty, ServesAGuestAndItsClientAtOnce) {
  const std::string typed(5000, 't');
  const std::string sent(5000, 's');
  std::size_t read = 0;
  std::thread guest([&] {
    guest_sends(sent);
    while (read < typed.size()) {
      read += guest_reads().size();
    }
  });
  // This thread is the client and the I/O thread, which looks at the pty whatever the interest is: the
  // console is called more often than asked for.
  std::string shown;
  std::size_t given = 0;
  ByteArray<512> buffer{};
  while (shown.size() < sent.size() || given < typed.size() || ready_now(POLLIN)) {
    const ssize_t put =
        ::write(slave_.get(), typed.data() + given, std::min<std::size_t>(512, typed.size() - given));
    given += put > 0 ? static_cast<std::size_t>(put) : 0;
    const ssize_t got = ::read(slave_.get(), buffer.data(), buffer.size());
    shown.append(buffer.begin(), buffer.begin() + std::max<ssize_t>(got, 0));
    console_->on_readable();
    console_->on_writable();
  }
  guest.join();
  EXPECT_EQ(read, typed.size());
  EXPECT_EQ(shown, sent);
}

TEST(ConsoleWithoutPty, StillKnowsThatTheGuestSpoke) {
  Console console(-1, std::nullopt, {});
  console.write(bytes_of("x"));
  EXPECT_TRUE(console.has_spoken());
  console.on_writable();
}

}  // namespace
}  // namespace virtsev::vmm
