// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers of QEMU's agent, as its schema has them, and answers that are made up.
#include <gtest/gtest.h>

#include "driver/daemon/agent/agent_answers.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

AgentValue value(const std::string& text) {
  const auto parsed = AgentValue::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(*AgentValue::parse("null"));
}

std::string repeated(const std::string& element, std::size_t count) {
  std::string all = "[" + element;
  for (std::size_t i = 1; i < count; ++i) {
    all += "," + element;
  }
  return all + "]";
}

TEST(AgentAnswers, GiveNameTimeAndCounts) {
  EXPECT_EQ(host_name_in(value(R"({"host-name": "inside"})")), "inside");
  const GuestTime time = time_in(value("1790000000123456789"));
  EXPECT_EQ(time.seconds, 1'790'000'000);
  EXPECT_EQ(time.nanoseconds, 123'456'789U);
  EXPECT_EQ(count_in(value("3")), 3);
}

TEST(AgentAnswers, ListFileSystemsInTheOrderOfTheirMounts) {
  const auto systems = file_systems_in(value(
      R"([{"name": "vdb", "mountpoint": "/srv", "type": "xfs", "disk": []},
          {"name": "vda1", "mountpoint": "/", "type": "ext4", "total-bytes": 4096, "used-bytes": 1024,
           "disk": [{"bus-type": "virtio", "bus": 0, "target": 0, "unit": 0, "dev": "/dev/vda1", "serial": "s",
                     "pci-controller": {"domain": 0, "bus": 0, "slot": 5, "function": 0}},
                    {"bus-type": "virtio", "bus": 0, "target": 0, "unit": 0,
                     "pci-controller": {"domain": -1, "bus": -1, "slot": -1, "function": -1}}]}])"));
  ASSERT_EQ(systems.size(), 2U);
  EXPECT_EQ(systems[0].mount_point, "/");
  EXPECT_EQ(systems[0].total_bytes, 4096U);
  EXPECT_EQ(systems[0].disks.at(0).slot, 5U);
  EXPECT_FALSE(systems[0].disks.at(1).slot);
  EXPECT_EQ(systems[1].type, "xfs");
  const auto parameters = parameters_of(systems);
  EXPECT_EQ(parameters[0].field, "fs.count");
  EXPECT_EQ(parameters[6].field, "fs.0.disk.count");
  EXPECT_EQ(std::get<std::uint32_t>(parameters[6].value), 2U);
  EXPECT_EQ(parameters[7].field, "fs.0.disk.0.serial");
}

TEST(AgentAnswers, ListInterfacesWithTheirAliases) {
  const auto interfaces = interfaces_in(value(
      R"([{"name": "lo"},
          {"name": "eth0", "hardware-address": "52:54:00:00:00:01",
           "ip-addresses": [{"ip-address": "192.0.2.7", "ip-address-type": "ipv4", "prefix": 24}]},
          {"name": "eth0:1", "ip-addresses": [{"ip-address": "fe80::1", "ip-address-type": "ipv6", "prefix": 64}]}])"));
  ASSERT_EQ(interfaces.size(), 2U);
  EXPECT_EQ(interfaces[1].name, "eth0");
  ASSERT_EQ(interfaces[1].addresses.size(), 2U);
  EXPECT_TRUE(interfaces[1].addresses[1].v6);
  EXPECT_EQ(parameters_of(interfaces).back().field, "if.1.addr.1.prefix");
}

TEST(AgentAnswers, TellOfUsersSystemAndTimezone) {
  const auto users = users_in(value(R"([{"user": "root", "login-time": 1.5}])"));
  ASSERT_EQ(users.size(), 3U);
  EXPECT_EQ(std::get<std::uint64_t>(users[2].value), 1500U);
  const auto system = system_in(value(R"({"id": "debian", "kernel-release": "6.1", "more": 7})"));
  ASSERT_EQ(system.size(), 2U);
  EXPECT_EQ(system[0].field, "os.id");
  EXPECT_EQ(system[1].field, "os.kernel-release");
  const auto zone = timezone_in(value(R"({"zone": "CET", "offset": -3600})"));
  EXPECT_EQ(std::get<std::int32_t>(zone.at(1).value), -3600);
}

TEST(AgentAnswers, OfAnotherFormAreRefused) {
  const auto refused = [](const auto& read, const std::string& text) {
    try {
      read(value(text));
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::kOperationFailed;
    }
  };
  for (const char* text : {"7", "{}", "[]", R"({"host-name": 7})", R"({"host-name": null})"}) {
    EXPECT_TRUE(refused(host_name_in, text)) << text;
  }
  for (const char* text : {"-1", "1.5", "\"1\"", "18446744073709551615", "{}"}) {
    EXPECT_TRUE(refused(time_in, text)) << text;
    EXPECT_TRUE(refused(count_in, text)) << text;
  }
  EXPECT_TRUE(refused(count_in, "2147483648"));
  for (const char* text : {"{}", "[7]", R"([{"name": "a", "mountpoint": "/", "type": "x"}])",
                           R"([{"name": "a", "mountpoint": "/", "type": "x", "disk": [{}]}])"}) {
    EXPECT_TRUE(refused(file_systems_in, text)) << text;
  }
  for (const char* text :
       {"{}", "[{}]", R"([{"name": "a", "ip-addresses": 7}])", R"([{"name": "a", "ip-addresses": [{}]}])",
        R"([{"name":"a","ip-addresses":[{"ip-address":"1","ip-address-type":"ipx","prefix":1}]}])",
        R"([{"name":"a","ip-addresses":[{"ip-address":"1","ip-address-type":"ipv4","prefix":129}]}])"}) {
    EXPECT_TRUE(refused(interfaces_in, text)) << text;
  }
  for (const char* text : {"[{}]", R"([{"user": "a"}])", R"([{"user": "a", "login-time": -1}])",
                           R"([{"user": "a", "login-time": 1e300}])"}) {
    EXPECT_TRUE(refused(users_in, text)) << text;
  }
  EXPECT_TRUE(refused(timezone_in, R"({"offset": 86401})"));
  EXPECT_TRUE(refused(system_in, "[]"));
}

TEST(AgentAnswers, ThatAreHugeAreRefused) {
  const std::string file_system = R"({"name":"a","mountpoint":"/","type":"x","disk":[]})";
  EXPECT_EQ(file_systems_in(value(repeated(file_system, 256))).size(), 256U);
  EXPECT_THROW(file_systems_in(value(repeated(file_system, 257))), Error);
  EXPECT_THROW(interfaces_in(value(repeated(R"({"name":"a"})", 2049))), Error);
  const std::string address = R"({"ip-address":"1","ip-address-type":"ipv4","prefix":1})";
  const std::string half = R"({"name":"a","ip-addresses":)" + repeated(address, 1025) + "}";
  EXPECT_THROW(interfaces_in(value(repeated(half, 2))), Error) << "also where they add up";
  EXPECT_THROW(users_in(value(repeated(R"({"user":"a","login-time":1})", 1001))), Error);
  EXPECT_EQ(host_name_in(value("{\"host-name\": \"" + std::string(10000, 'a') + "\"}")).size(),
            AgentValue::kMaxText);
}

TEST(AgentAnswers, OfATrimFailWhereNothingWasTrimmed) {
  check_trimmed(value("{}"));
  check_trimmed(value(R"({"paths": [{"path": "/", "error": "no"}, {"path": "/srv", "trimmed": 7}]})"));
  EXPECT_THROW(check_trimmed(value(R"({"paths": [{"path": "/", "error": "no"}]})")), Error);
}

TEST(AgentAnswers, CommandsAreOneLineEach) {
  EXPECT_EQ(AgentCommand("guest-ping").line(), "{\"execute\":\"guest-ping\"}\n");
  const std::vector<std::string> paths{"/a\"b\n", "/c"};
  EXPECT_EQ(AgentCommand("x", {{"mountpoints", paths}, {"crypted", true}, {"mode", "reboot"}}).line(),
            "{\"execute\":\"x\",\"arguments\":{\"mountpoints\":[\"/a\\\"b\\n\",\"/c\"],\"crypted\":true,"
            "\"mode\":\"reboot\"}}\n");
  EXPECT_THROW(AgentCommand("x", {{"username", std::string("\xff")}}), Error);
}

}  // namespace
}  // namespace virtsev::daemon
