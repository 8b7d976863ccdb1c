// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain's agent: who may ask it, how it is found, and what a shutdown by it means for the domain.
#include <filesystem>
#include <future>
#include <mutex>

#include <libvirt/libvirt.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/daemon/monitor/control_socket.hpp"
#include "tests/driver/daemon/agent/fake_agent.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

constexpr const char* kChannel =
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";

class Agent : public HypervisorTest {
 protected:
  ~Agent() override {
    over_.reset();
    if (server_.valid()) {
      server_.wait();
    }
  }

  /// The socket on which virtsevd listens for the guest's monitor, which here does not take anybody from it.
  static UniqueFd listener() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int fd = std::stoi(entry.path().filename().string());
      sockaddr_un address{};
      socklen_t size = sizeof address;
      if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
          address.sun_family == AF_UNIX &&
          std::string(address.sun_path).ends_with("org.qemu.guest_agent.0")) {
        int listens = 0;
        socklen_t length = sizeof listens;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens == 1) {
          return UniqueFd(::dup(fd));
        }
      }
    }
    return {};
  }
  /// Stands in for monitor, guest and agent, on a thread of its own.
  void serve(const std::string& answer) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(0, ::pipe(ends));
    UniqueFd end(ends[0]);
    over_ = UniqueFd(ends[1]);
    UniqueFd door = listener();
    ASSERT_TRUE(door);
    server_ = std::async(std::launch::async, [this, door = std::move(door), end = std::move(end), answer] {
      UniqueFd client;
      for (;;) {
        pollfd ready[3] = {{door.get(), POLLIN, 0}, {end.get(), POLLIN, 0}, {client.get(), POLLIN, 0}};
        ::poll(ready, client ? 3 : 2, -1);
        if (ready[1].revents != 0) {
          return;
        }
        if (!client) {
          client = UniqueFd(::accept(door.get(), nullptr, nullptr));
          continue;
        }
        char bytes[4096];
        const ssize_t count = ready[2].revents != 0 ? ::read(client.get(), bytes, sizeof bytes) : -1;
        if (count == 0) {
          client.reset();
        } else if (count > 0) {
          const std::string line(bytes, static_cast<std::size_t>(count));
          const std::string sync = test::FakeAgent::answer_sync(line);
          const std::string said = sync.empty() ? answer : sync;
          if (sync.empty()) {
            const std::lock_guard lock(mutex_);
            heard_ += line;
          }
          [[maybe_unused]] const ssize_t written = ::write(client.get(), said.data(), said.size());
        }
      }
    });
  }
  std::string heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

  UniqueFd over_;  ///< Closed: the server ends
  std::future<void> server_;
  std::mutex mutex_;
  std::string heard_;
};

TEST_F(Agent, IsAskedByItsChannel) {
  const DomainHandle domain = start(define({.devices = kChannel}));
  serve("{\"return\": {\"host-name\": \"inside\"}}\n");
  EXPECT_EQ("inside", wait(driver().guest_hostname(domain.uuid, 0)));
  EXPECT_EQ("{\"execute\":\"guest-get-host-name\"}\n", heard());
  EXPECT_EQ(ErrorCode::kOperationFailed, error_of(driver().guest_time(domain.uuid))->code())
      << "another answer";
  EXPECT_EQ("inside", wait(driver().guest_hostname(domain.uuid, VIR_DOMAIN_GET_HOSTNAME_AGENT)));
}

TEST_F(Agent, IsAskedForOneThingAtATime) {
  const DomainHandle domain = start(define({.devices = kChannel}));
  serve("{\"return\": {\"host-name\": \"inside\"}}\n");
  unsigned answered = 0;
  unsigned refused = 0;
  for (unsigned i = 0; i < 20; ++i) {
    begin([&]() -> asio::awaitable<void> {
      try {
        const std::string name = co_await driver().guest_hostname(domain.uuid, 0);
        answered += name == "inside" ? 1 : 0;
      } catch (const Error& error) {
        refused += error.code() == ErrorCode::kResourceBusy ? 1 : 0;
      }
    });
  }
  wait_until([&] { return answered + refused == 20; });
  EXPECT_EQ(9U, answered) << "one and those that may wait for it";
  EXPECT_EQ("inside", wait(driver().guest_hostname(domain.uuid, 0)));
}

TEST_F(Agent, NeedsAChannelAndARunningGuest) {
  const DomainHandle without = start(define());
  const auto missing = error_of(driver().guest_hostname(without.uuid, 0));
  EXPECT_EQ(ErrorCode::kArgumentUnsupported, missing->code());
  EXPECT_NE(std::string::npos, std::string(missing->what()).find("name='org.qemu.guest_agent.0'"));
  const DomainHandle domain = define({.name = "other", .devices = kChannel});
  EXPECT_EQ(ErrorCode::kOperationInvalid, error_of(driver().guest_time(domain.uuid))->code());
  start(domain, VIR_DOMAIN_START_PAUSED);
  EXPECT_EQ(ErrorCode::kOperationInvalid, error_of(driver().guest_time(domain.uuid))->code());
}

TEST_F(Agent, WhoseChannelAnotherClientHasIsBusy) {
  const DomainHandle domain = start(define({.devices = kChannel}));
  const auto error = error_of(driver().guest_time(domain.uuid));  // The monitor takes nobody
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kResourceBusy, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("another program is connected"));
}

TEST_F(Agent, ThatDoesNotKnowAnInformationIsNotAskedForItByName) {
  const DomainHandle domain = start(define({.devices = kChannel}));
  serve("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}\n");
  EXPECT_TRUE(wait(driver().guest_info(domain.uuid, 0)).empty());
  EXPECT_EQ(ErrorCode::kOperationUnsupported,
            error_of(driver().guest_info(domain.uuid, VIR_DOMAIN_GUEST_INFO_OS))->code());
  EXPECT_EQ(ErrorCode::kArgumentUnsupported, error_of(driver().guest_info(domain.uuid, 1U << 30U))->code());
}

TEST_F(Agent, IsGivenPasswordsInBase64AndTimesInNanoseconds) {
  const DomainHandle domain = start(define({.devices = kChannel}));
  serve("{\"return\": {}}\n");
  wait(driver().set_user_password(domain.uuid, "root", "word", VIR_DOMAIN_PASSWORD_ENCRYPTED));
  wait(driver().set_guest_time(domain.uuid, 2, 3, 0));
  wait(driver().set_guest_time(domain.uuid, 2, 3, VIR_DOMAIN_TIME_SYNC));
  EXPECT_EQ(
      "{\"execute\":\"guest-set-user-password\",\"arguments\":{\"username\":\"root\",\"password\":\"d29yZA=="
      "\","
      "\"crypted\":true}}\n"
      "{\"execute\":\"guest-set-time\",\"arguments\":{\"time\":2000000003}}\n{\"execute\":\"guest-set-time\"}"
      "\n",
      heard());
  for (const std::int64_t seconds : {std::int64_t{-1}, std::int64_t{INT64_MAX}}) {
    EXPECT_EQ(ErrorCode::kInvalidArgument,
              error_of(driver().set_guest_time(domain.uuid, seconds, 0, 0))->code());
  }
  EXPECT_EQ(ErrorCode::kInvalidArgument,
            error_of(driver().set_user_password(domain.uuid, std::nullopt, "word", 0))->code());
  EXPECT_EQ(ErrorCode::kArgumentUnsupported, error_of(driver().trim(domain.uuid, "/", 0))->code());
  EXPECT_EQ(ErrorCode::kArgumentUnsupported, error_of(driver().thaw(domain.uuid, {"/"}))->code());
}

TEST_F(Agent, ThatRefusesAShutdownLeavesItToThePowerButtonWhereThatIsAllowed) {
  const DomainHandle domain = start(define({.devices = kChannel}));
  serve("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n");
  const auto error = error_of(driver().shutdown(domain.uuid, VIR_DOMAIN_SHUTDOWN_GUEST_AGENT));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationFailed, error->code());
  EXPECT_EQ("{\"execute\":\"guest-shutdown\",\"arguments\":{\"mode\":\"powerdown\"}}\n", heard());
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  wait(driver().shutdown(domain.uuid, VIR_DOMAIN_SHUTDOWN_GUEST_AGENT | VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN));
  wait_until([&] { return driver().state(domain.uuid).state == VIR_DOMAIN_SHUTOFF; });
  EXPECT_EQ(ErrorCode::kArgumentUnsupported,
            error_of(driver().shutdown(start(domain).uuid, VIR_DOMAIN_SHUTDOWN_INITCTL))->code());
}

TEST_F(Agent, IsNotAskedToRebootAnSevEsGuestThatCanNot) {
  const DomainHandle domain = start(define({.policy = "0x0005", .devices = kChannel}));
  const auto error = error_of(driver().reboot(domain.uuid, VIR_DOMAIN_REBOOT_GUEST_AGENT));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
}

}  // namespace
}  // namespace virtsev::daemon
