// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests with real KVM share: a monitor process, and a guest of a few instructions in it.
#pragma once

#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/driver/boot/fakes/boot_files.hpp"
#include "tests/driver/vmm/monitor_process.hpp"
#include "tests/driver/vmm/tiny_guest.hpp"

namespace virtsev::vmm::test {

/// How long a test waits for what has to come; a test that passes never waits that long.
inline constexpr std::chrono::milliseconds kLongEnough{120000};

class TinyGuestTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/dev/kvm", R_OK | W_OK) != 0) {
      GTEST_SKIP() << "/dev/kvm can't be opened for reading and writing here";
    }
    monitor_.emplace(directory_);
  }

  /// A Start of this guest: SEV-ES, simulated, 1 vCPU, 128 MiB.
  control::Start prepare(const TinyGuest& guest) { return prepare(guest.bzimage()); }
  control::Start prepare(const Bytes& kernel) {
    files_.emplace(kernel);
    control::Start start = monitor_->prepare_start();
    std::vector<spec::DeviceDescription> devices = std::move(start.machine.devices);
    start.machine = files_->machine();
    start.machine.devices = std::move(devices);
    start.machine.memory_bytes = 128ULL << 20;
    return start;
  }

  /// The reply, which has to be a T; an Error of the monitor fails the test with its text.
  template <typename T>
  T call(const control::Request& request) {
    control::Reply reply = monitor_->call(request);
    if (const auto* failure = std::get_if<control::Failure>(&reply)) {
      throw std::runtime_error(failure->text);
    }
    return std::get<T>(std::move(reply));
  }
  control::Failure call_failing(const control::Request& request) {
    return std::get<control::Failure>(monitor_->call(request));
  }
  control::LaunchReport launch(const control::Start& start) { return call<control::LaunchReport>(start); }
  void resume() { call<control::Done>(control::Resume{}); }
  void run(const TinyGuest& guest) {
    launch(prepare(guest));
    resume();
  }

  control::Ended wait_for_end() {
    while (auto event = monitor_->wait_for_event(kLongEnough)) {
      if (auto* ended = std::get_if<control::Ended>(&*event)) {
        return std::move(*ended);
      }
    }
    throw std::runtime_error("no end was told");
  }
  std::optional<control::Ended> end_file() const {
    const UniqueFd file = open_file(directory_.path("end"), O_RDONLY);
    Bytes content(4096);
    const ssize_t length = ::read(file.get(), content.data(), content.size());
    content.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return control::parse_end_file(content);
  }
  bool console_shows(const std::string& text) { return monitor_->wait_for_console(text, kLongEnough); }

  TemporaryDirectory directory_;
  std::optional<boot::test::BootFiles> files_;
  std::optional<MonitorProcess> monitor_;
};

}  // namespace virtsev::vmm::test
