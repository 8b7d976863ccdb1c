// SPDX-License-Identifier: LGPL-2.1-or-later
// The fake's agent: one that does all at once, and notes what it was asked.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/driver/daemon/dispatch/fake_driver.hpp"

namespace virtsev::daemon::test {

asio::awaitable<std::string> FakeDriver::guest_hostname(Uuid uuid, Flags flags) {
  calls.push_back(fmt::format("guest_hostname {} {}", find_active(uuid).name, flags.bits));
  co_return "inside.example";
}

asio::awaitable<GuestTime> FakeDriver::guest_time(Uuid uuid) {
  calls.push_back("guest_time " + find_active(uuid).name);
  GuestTime time{1'790'000'000, 5};
  co_return time;
}

asio::awaitable<void> FakeDriver::set_guest_time(Uuid uuid, std::int64_t seconds, std::uint32_t nanoseconds,
                                                 Flags flags) {
  calls.push_back(
      fmt::format("set_guest_time {} {} {} {}", find_active(uuid).name, seconds, nanoseconds, flags.bits));
  co_return;
}

asio::awaitable<void> FakeDriver::trim(Uuid uuid, std::optional<std::string> mount_point,
                                       std::uint64_t minimum) {
  calls.push_back(fmt::format("trim {} {} {}", find_active(uuid).name, mount_point.value_or("-"), minimum));
  co_return;
}

asio::awaitable<std::int32_t> FakeDriver::freeze(Uuid uuid, std::vector<std::string> mount_points) {
  calls.push_back(fmt::format("freeze {} {}", find_active(uuid).name, fmt::join(mount_points, ",")));
  co_return 3;
}

asio::awaitable<std::int32_t> FakeDriver::thaw(Uuid uuid, std::vector<std::string> mount_points) {
  calls.push_back(fmt::format("thaw {} {}", find_active(uuid).name, fmt::join(mount_points, ",")));
  co_return 2;
}

asio::awaitable<std::vector<GuestFileSystem>> FakeDriver::guest_file_systems(Uuid uuid) {
  calls.push_back("guest_file_systems " + find_active(uuid).name);
  GuestFileSystem system{"/", "vda1", "ext4", 4096, 1024, {}};
  system.disks.resize(2);
  system.disks[1].target = "vda";
  std::vector<GuestFileSystem> all{system};
  co_return all;
}

asio::awaitable<std::vector<GuestInterface>> FakeDriver::guest_interfaces(Uuid uuid) {
  calls.push_back("guest_interfaces " + find_active(uuid).name);
  std::vector<GuestInterface> all(2);
  all[0].name = "lo";
  all[1].name = "eth0";
  all[1].mac = "52:54:00:00:00:01";
  all[1].addresses = {{false, "192.0.2.7", 24}, {true, "2001:db8::7", 64}};
  co_return all;
}

asio::awaitable<void> FakeDriver::set_user_password(Uuid uuid, std::optional<std::string> user,
                                                    std::optional<std::string> password, Flags flags) {
  calls.push_back(fmt::format("set_user_password {} {} {} {}", find_active(uuid).name, user.value_or("-"),
                              password.value_or("-"), flags.bits));
  co_return;
}

asio::awaitable<std::vector<TypedParameter>> FakeDriver::guest_info(Uuid uuid, std::uint32_t types) {
  calls.push_back(fmt::format("guest_info {} {}", find_active(uuid).name, types));
  std::vector<TypedParameter> all{{"hostname", std::string("inside.example")}, {"user.count", 0U}};
  co_return all;
}

}  // namespace virtsev::daemon::test
