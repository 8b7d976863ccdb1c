// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is let in, and how many.
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/driver/rpc/server_fixture.hpp"

namespace virtsev::rpc::test {
namespace {

class Listening : public ServerTest {
 protected:
  /// On an abstract address of its own.
  sockaddr_un listen(bool read_only) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // The kernel finds an address: binding with no more than the family.
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)), 0);
    length_ = sizeof address;
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length_), 0);
    EXPECT_EQ(::listen(socket.get(), 64), 0);
    server_->listen(std::move(socket), read_only);
    return address;
  }
  RawClient connect_to(const sockaddr_un& address) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length_), 0);
    return {io_, std::move(socket)};
  }
  void open(RawClient& client) {
    client.call(kOpen, 0);
    ASSERT_TRUE(client.receive());
  }
  /// Whether a child process with another uid gets an answer.
  bool is_served_as_nobody(const sockaddr_un& address) {
    std::array<int, 2> report{};
    EXPECT_EQ(::pipe2(report.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const UniqueFd read_end(report[0]);
    UniqueFd write_end(report[1]);
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr uid_t kNobody = 65534;
      const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
      Header header;
      header.procedure = kEcho;
      const Bytes call = make_message(header, encoded("x"));
      char answer = 'n';
      if (::setuid(kNobody) == 0 &&
          ::connect(socket, reinterpret_cast<const sockaddr*>(&address), length_) == 0 &&
          ::send(socket, call.data(), call.size(), MSG_NOSIGNAL) > 0 && ::recv(socket, &answer, 1, 0) == 1) {
        answer = 'y';
      } else {
        answer = 'n';
      }
      ::_exit(::write(write_end.get(), &answer, 1) == 1 ? 0 : 1);
    }
    write_end.reset();
    char answer = '?';
    EXPECT_TRUE(run_until([&] { return ::read(read_end.get(), &answer, 1) == 1; }));
    int status = 0;
    ::waitpid(child, &status, 0);
    return answer == 'y';
  }
  socklen_t length_ = 0;
};

TEST_F(Listening, TellsReadOnlyFromReadWriteByTheSocket) {
  start({});
  const sockaddr_un write_address = listen(false);
  const sockaddr_un read_address = listen(true);
  RawClient writer = connect_to(write_address);
  expect_echo(writer);
  EXPECT_FALSE(service_.clients.begin()->second->read_only());
  RawClient reader = connect_to(read_address);
  expect_echo(reader);
  EXPECT_TRUE(service_.clients.rbegin()->second->read_only());
}

TEST_F(Listening, KnowsThePeer) {
  start({});
  RawClient client = connect_to(listen(false));
  expect_echo(client);
  const PeerCredentials& peer = service_.clients.begin()->second->peer();
  EXPECT_EQ(peer.pid, ::getpid());
  EXPECT_EQ(peer.uid, ::getuid());
  EXPECT_EQ(peer.gid, ::getgid());
}

TEST_F(Listening, AnotherUserIsServedOnTheReadOnlySocketAlone) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can try to connect as another user";
  }
  start({});
  const sockaddr_un write_address = listen(false);
  const sockaddr_un read_address = listen(true);
  EXPECT_FALSE(is_served_as_nobody(write_address));
  EXPECT_TRUE(is_served_as_nobody(read_address));
}

TEST_F(Listening, AboveTheLimitClientsWaitUntilOneGoes) {
  ServerLimits limits;
  limits.max_clients = 2;
  start(limits);
  const sockaddr_un address = listen(false);
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect_to(address));
    clients.back().call(kOpen, 0);
  }
  ASSERT_TRUE(clients[0].receive());
  ASSERT_TRUE(clients[1].receive());
  EXPECT_TRUE(clients[2].is_silent());
  EXPECT_EQ(server_->clients(), 2U);
  clients[0].close();
  EXPECT_TRUE(clients[2].receive());
}

TEST_F(Listening, StrangersOnTheReadOnlySocketDoNotKeepRootOut) {
  ServerLimits limits;
  limits.max_unopened = 3;
  limits.unopened_patience = std::chrono::milliseconds(0);
  limits.max_clients = 20;
  start(limits);
  const sockaddr_un write_address = listen(false);
  const sockaddr_un read_address = listen(true);
  std::vector<RawClient> strangers;
  for (int i = 0; i < 10; ++i) {
    strangers.push_back(connect_to(read_address));
  }
  RawClient root = connect_to(write_address);
  expect_echo(root);
  EXPECT_TRUE(run_until([this] { return server_->clients() == 4; }));
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_TRUE(strangers[i].at_end()) << i << " is older than the last three";
  }
  open(strangers[7]);
  open(strangers[9]);
}

TEST_F(Listening, AUserWhoOpensQuicklyMayHaveManyConnectionsOnTheirWay) {
  ServerLimits limits;
  limits.max_unopened = 3;
  limits.unopened_patience = std::chrono::hours(1);
  start(limits);
  const sockaddr_un address = listen(true);
  std::vector<RawClient> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(connect_to(address));
  }
  EXPECT_TRUE(run_until([this] { return server_->clients() == 12; }));
  for (RawClient& client : clients) {
    open(client);
  }
}

TEST_F(Listening, SilentConnectionsGoWhereNobodyElseFindsAPlace) {
  ServerLimits limits;
  limits.max_clients = 2;
  limits.unopened_patience = std::chrono::milliseconds(1);
  start(limits);
  const sockaddr_un address = listen(true);
  RawClient silent = connect_to(address);
  RawClient other = connect_to(address);
  EXPECT_TRUE(run_until([this] { return server_->clients() == 2; }));
  RawClient third = connect_to(address);
  open(third);
  EXPECT_TRUE(silent.at_end()) << "the oldest goes";
  open(other);
}

TEST_F(Listening, ReadersCannotTakeTheLastPlaces) {
  ServerLimits limits;
  limits.max_clients = 20;
  start(limits);
  const sockaddr_un write_address = listen(false);
  const sockaddr_un read_address = listen(true);
  std::vector<RawClient> readers;
  for (int i = 0; i < 25; ++i) {
    readers.push_back(connect_to(read_address));
    readers.back().call(kOpen, 0);
  }
  EXPECT_TRUE(run_until([this] { return server_->clients() == 18; }));
  EXPECT_TRUE(readers.back().is_silent());
  RawClient root = connect_to(write_address);
  expect_echo(root);
}

TEST_F(Listening, ClientsCannotTakeAllDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 40;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  start({});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const sockaddr_un address = listen(false);
  std::vector<RawClient> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(connect_to(address));
    clients.back().call(kOpen, 0);
  }
  EXPECT_TRUE(run_until([this] { return server_->clients() == 20; }));
  EXPECT_TRUE(clients.back().is_silent());
  EXPECT_EQ(server_->clients(), 20U);
}

TEST_F(Listening, TheObserverHearsOfEachChange) {
  start({});
  std::vector<std::size_t> seen;
  server_->set_clients_observer([&seen](std::size_t count) { seen.push_back(count); });
  const sockaddr_un address = listen(false);
  RawClient client = connect_to(address);
  expect_echo(client);
  client.close();
  EXPECT_TRUE(run_until([&seen] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 0}));
}

TEST_F(Listening, AfterStopThereIsNoWorkLeft) {
  start({});
  RawClient client = connect_to(listen(false));
  expect_echo(client);
  server_->stop();
  io_.restart();
  io_.run();  // returns
  EXPECT_EQ(server_->clients(), 0U);
  EXPECT_EQ(service_.closed_ids.size(), 1U);
}

TEST_F(ServerTest, NewLimitsCountForWhoeverComesNextAndDropNobody) {
  start({});
  RawClient first = connect();
  expect_echo(first);
  ServerLimits fewer;
  fewer.max_client_requests = 1;
  fewer.keepalive_interval = std::chrono::milliseconds(10);
  fewer.keepalive_count = 0;
  server_->set_limits(fewer);
  expect_echo(first);
  first.call(kWait, 1);
  first.call(kWait, 2);
  ASSERT_TRUE(run_until([this] { return service_.entered == 3; }));
  EXPECT_TRUE(first.is_silent());
  EXPECT_EQ(service_.entered, 3U);
  RawClient second = connect();
  second.call(kStartKeepalive, 0);
  ASSERT_TRUE(second.receive());
  EXPECT_TRUE(second.at_end()) << "the new keepalive drops whoever says nothing";
}

}  // namespace
}  // namespace virtsev::rpc::test
