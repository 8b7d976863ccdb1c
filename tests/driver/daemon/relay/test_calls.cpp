// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that go on to libvirt's own daemons: by whom, in whose name, and what one costs that is slow, broken
// or gone.
#include "tests/driver/daemon/relay/relay_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

constexpr std::int32_t kPoolCreateXml = 76, kListAllPools = 281, kNumOfPools = 71, kListAllNetworks = 283,
                       kNetworkLookup = 46, kUpload = 208, kHostname = 59;
constexpr std::int32_t kOpenIt = 1, kAuthList = 66, kAuthPolkit = 70, kSetIdentity = 419;

bool echoes(FakeDaemon::Connection& connection, const FakeDaemon::Message& message) {
  if (message.header.procedure == kOpenIt || message.header.procedure == kAuthList ||
      message.header.procedure == kSetIdentity) {
    return false;
  }
  connection.reply(message.header, message.payload);
  return true;
}

/// As CONNECT_SET_IDENTITY has it; 0 where it is not told.
std::uint64_t told(const FakeDaemon::Connection& connection, const std::string& name) {
  for (const FakeDaemon::Message& message : connection.messages) {
    xdr::Decoder in(message.payload);
    const std::uint32_t count = message.header.procedure == kSetIdentity ? in.get_count(20) : 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string field = in.get_string(100);
      in.get_int32();
      const std::uint64_t value = in.get_uint64();
      if (field == name) {
        return value;
      }
    }
  }
  return 0;
}

class RelayedCalls : public RelayTest {
 protected:
  std::string uri(const std::string& scheme) const {
    return scheme + (::geteuid() == 0 ? ":///system" : ":///session");
  }
  static std::pair<std::string, std::uint32_t> opened(const FakeDaemon::Connection& connection) {
    for (const FakeDaemon::Message& message : connection.messages) {
      if (message.header.procedure == kOpenIt) {
        xdr::Decoder in(message.payload);
        in.get_bool();
        std::string name = in.get_string(100);
        return {name, in.get_uint32()};
      }
    }
    return {};
  }
};

TEST_F(RelayedCalls, OpenTheirDaemonOnceInTheClientsNameAndBringItsAnswerAsItIs) {
  FakeDaemon storage(io_, socket("virtstoraged-sock"), echoes);
  open(client_);
  EXPECT_TRUE(storage.connections.empty()) << "nobody has asked for storage";
  const Bytes arguments = words({0, 1, 2, 3});
  EXPECT_EQ(call(client_, kPoolCreateXml, arguments).payload, arguments);
  EXPECT_EQ(call(client_, kListAllPools, words({1, 0})).payload, words({1, 0}));
  ASSERT_EQ(storage.connections.size(), 1U);
  const auto& connection = *storage.connections[0];
  EXPECT_EQ(connection.procedures(),
            (Numbers{kAuthList, kOpenIt, kSetIdentity, kPoolCreateXml, kListAllPools}));
  EXPECT_EQ(opened(connection), std::pair(uri("storage"), 0U));
  EXPECT_EQ(told(connection, "unix-user-id"), ::geteuid());
  EXPECT_EQ(told(connection, "process-id"), static_cast<std::uint64_t>(::getpid()));
  EXPECT_GT(told(connection, "process-time"), 0U);
}

TEST_F(RelayedCalls, OfEachClientAndDriverHaveAConnectionOfTheirOwnWhichGoesWithTheClient) {
  FakeDaemon libvirtd(io_, socket("libvirt-sock"), echoes);
  FakeClient other(2, false, ourselves());
  open(client_);
  open(other);
  call(client_, kListAllPools, words({1, 0}));
  call(client_, kListAllNetworks, words({1, 0}));
  call(other, kListAllPools, words({1, 0}));
  ASSERT_EQ(libvirtd.connections.size(), 3U);
  EXPECT_EQ(opened(*libvirtd.connections[1]).first, uri("network"));
  service_->closed(client_);
  EXPECT_EQ(relay_->clients(), 1U);
}

TEST_F(RelayedCalls, AskTheModularDaemonBeforeLibvirtd) {
  FakeDaemon libvirtd(io_, socket("libvirt-sock"), echoes);
  FakeDaemon storage(io_, socket("virtstoraged-sock"), echoes);
  open(client_);
  call(client_, kListAllPools, words({1, 0}));
  EXPECT_EQ(storage.connections.size(), 1U);
  EXPECT_TRUE(libvirtd.connections.empty());
}

TEST_F(RelayedCalls, OfAReadOnlyClientGoByTheReadOnlySocketAndChangeNothing) {
  FakeDaemon writers(io_, socket("libvirt-sock"), echoes);
  FakeDaemon readers(io_, socket("libvirt-sock-ro"), echoes);
  FakeClient reader(2, true, ourselves());
  open(reader);
  EXPECT_FALSE(call(reader, kListAllPools, words({1, 0})).error);
  for (const std::int32_t number : {kPoolCreateXml, kUpload}) {
    EXPECT_EQ(call(reader, number, words({0})).error, kOperationDenied) << number;
  }
  EXPECT_TRUE(writers.connections.empty());
  ASSERT_EQ(readers.connections.size(), 1U);
  EXPECT_EQ(opened(*readers.connections[0]).second, 1U) << "VIR_CONNECT_RO";
  EXPECT_EQ(readers.connections[0]->last().header.procedure, kListAllPools);
}

TEST_F(RelayedCalls, OfAReaderAreOpenedAsAReadersWhereThereIsOneSocketOnly) {
  FakeDaemon session(io_, socket("libvirt-sock"), echoes);
  FakeClient reader(2, true, ourselves());
  open(reader);
  EXPECT_FALSE(call(reader, kListAllPools, words({1, 0})).error);
  EXPECT_EQ(opened(*session.connections[0]).second, 1U);
}

TEST_F(RelayedCalls, OfAnotherUserThanRootAndOursChangeNothing) {
  FakeDaemon readers(io_, socket("libvirt-sock-ro"), echoes);
  FakeDaemon writers(io_, socket("libvirt-sock"), echoes);
  FakeClient stranger(2, false, {::getpid(), 12345, 12345});
  open(stranger);
  EXPECT_FALSE(call(stranger, kPoolCreateXml, words({0})).error) << "the daemon decides";
  EXPECT_TRUE(writers.connections.empty());
  EXPECT_EQ(opened(*readers.connections.at(0)).second, 1U);
}

TEST_F(RelayedCalls, OfAUserAreRefusedAsThatUsersWithTheDaemonsOwnError) {
  constexpr std::int32_t kAccessDeniedCode = 88, kAccessDomain = 58;
  FakeDaemon daemon(io_, socket("libvirt-sock-ro"), [&](auto& connection, const auto& message) {
    if (message.header.procedure == kListAllPools && told(connection, "unix-user-id") == 12345) {
      connection.fail(message.header, kAccessDeniedCode, kAccessDomain, "access denied");
      return true;
    }
    return false;
  });
  FakeClient stranger(2, true, {::getpid(), 12345, 12345});
  open(stranger);
  const RelayOutcome outcome = call(stranger, kListAllPools, words({1, 0}));
  EXPECT_EQ(outcome.error, kAccessDenied);
  EXPECT_EQ(outcome.domain, kAccessDomain);
  EXPECT_EQ(outcome.message, "access denied");
}

TEST_F(RelayedCalls, AreMadeInTheNameThatATrustedClientGives) {
  FakeDaemon daemon(io_, socket("libvirt-sock"), echoes);
  open(client_);
  xdr::Encoder identity;
  identity.put_uint32(1);
  identity.put_string("unix-user-id");
  identity.put_int32(4);
  identity.put_uint64(4711);
  identity.put_uint32(0);
  EXPECT_FALSE(call(client_, kSetIdentity, identity.bytes()).error);
  call(client_, kListAllPools, words({1, 0}));
  EXPECT_EQ(told(*daemon.connections.at(0), "unix-user-id"), 4711U);
}

TEST_F(RelayedCalls, AreNotMadeWhereTheDaemonDoesNotTakeTheClientsName) {
  FakeDaemon daemon(io_, socket("libvirt-sock"), [](auto& connection, const auto& message) {
    if (message.header.procedure == kSetIdentity) {
      connection.fail(message.header, 88, 58, "access denied");
      return true;
    }
    return echoes(connection, message);
  });
  open(client_);
  EXPECT_EQ(call(client_, kListAllPools, words({1, 0})).error, kAccessDenied);
  EXPECT_EQ(daemon.connections.at(0)->last().header.procedure, kSetIdentity);
}

TEST_F(RelayedCalls, GoThroughPolkitAndNoFurtherThanAPassword) {
  FakeDaemon polkit(io_, socket("virtnetworkd-sock"), [](auto& connection, const auto& message) {
    if (message.header.procedure == kAuthList || message.header.procedure == kAuthPolkit) {
      connection.reply(message.header, message.header.procedure == kAuthList ? words({1, 2}) : words({1}));
      return true;
    }
    return echoes(connection, message);
  });
  FakeDaemon sasl(io_, socket("virtstoraged-sock"), [](auto& connection, const auto& message) {
    connection.reply(message.header, words({1, 1}));
    return true;
  });
  open(client_);
  EXPECT_FALSE(call(client_, kListAllNetworks, words({1, 0})).error);
  const RelayOutcome outcome = call(client_, kListAllPools, words({1, 0}));
  EXPECT_NE(outcome.message.find("asks for a password"), std::string::npos) << outcome.message;
}

TEST_F(RelayedCalls, WithoutADaemonAreEmptyOrNotSupportedAsTheirCallersNeedIt) {
  open(client_);
  EXPECT_EQ(call(client_, kNumOfPools).payload, words({0}));
  const RelayOutcome outcome = call(client_, kListAllPools, words({1, 0}));
  EXPECT_EQ(outcome.error, kNoSupport);
  EXPECT_EQ(
      outcome.message,
      "virConnectListAllStoragePools is not supported: storage pools are libvirt's own, and none of its "
      "daemons for them runs here: start virtstoraged or libvirtd");
  FakeDaemon late(io_, socket("libvirt-sock"), echoes);
  EXPECT_FALSE(call(client_, kListAllPools, words({1, 0})).error) << "it is looked for at each call";
}

TEST_F(RelayedCalls, ThatTheDaemonDoesNotKnowAreNotSupportedByTheirNames) {
  FakeDaemon old(io_, socket("libvirt-sock"), [](auto& connection, const auto& message) {
    if (message.header.procedure == kListAllPools) {
      connection.fail(message.header, 39, 7, "unknown procedure: 281");
      return true;
    }
    return false;
  });
  open(client_);
  const RelayOutcome outcome = call(client_, kListAllPools, words({1, 0}));
  EXPECT_EQ(outcome.error, kNoSupport);
  EXPECT_EQ(outcome.message.rfind("virConnectListAllStoragePools is not supported", 0), 0U)
      << outcome.message;
}

TEST_F(RelayedCalls, AtADaemonThatDoesNotAnswerCostNobodyElse) {
  FakeDaemon silent(io_, socket("virtstoraged-sock"));
  FakeDaemon network(io_, socket("virtnetworkd-sock"), echoes);
  FakeClient other(2, false, ourselves());
  open(client_);
  open(other);
  const auto waiting = begin(client_, kListAllPools, words({1, 0}));
  EXPECT_TRUE(run_until([&] {
    return !silent.connections.empty() && silent.connections[0]->messages.size() == 4;  // And that was asked
  }));
  EXPECT_FALSE(call(client_, kListAllNetworks, words({1, 0})).error);
  EXPECT_FALSE(call(client_, kHostname).error);
  EXPECT_FALSE(call(other, kHostname).error);
  EXPECT_FALSE(waiting->has_value());
  service_->disconnected(client_);
  EXPECT_TRUE(run_until([&] { return waiting->has_value(); })) << "a client that is gone waits for nothing";
  EXPECT_EQ(relay_->clients(), 0U);
}

TEST_F(RelayedCalls, AtADaemonThatDoesNotLetThemInFailAfterAWhile) {
  FakeDaemon silent(io_, socket("virtstoraged-sock"), [](auto&, const auto&) { return true; });
  relay_->set_patience(std::chrono::milliseconds(50));
  open(client_);
  const RelayOutcome outcome = call(client_, kListAllPools, words({1, 0}));
  EXPECT_EQ(outcome.error, kOperationFailed);
  EXPECT_NE(outcome.message.find("does not answer"), std::string::npos) << outcome.message;
}

TEST_F(RelayedCalls, UnderWayFailWithTheDaemonAndTheNextOneFindsItAgain) {
  auto storage = std::make_unique<FakeDaemon>(io_, socket("virtstoraged-sock"));
  open(client_);
  const auto first = begin(client_, kListAllPools, words({1, 0}));
  const auto second = begin(client_, kNumOfPools);
  EXPECT_TRUE(run_until(
      [&] { return !storage->connections.empty() && storage->connections[0]->messages.size() == 5; }));
  storage.reset();
  EXPECT_TRUE(run_until([&] { return first->has_value() && second->has_value(); }));
  EXPECT_EQ((*first)->error, kOperationFailed);
  EXPECT_NE((*first)->message.find("is lost"), std::string::npos) << (*first)->message;
  EXPECT_EQ((*second)->error, kOperationFailed);
  FakeDaemon again(io_, socket("virtstoraged-sock"), echoes);
  EXPECT_FALSE(call(client_, kListAllPools, words({1, 0})).error);
}

TEST_F(RelayedCalls, AtADaemonThatBreaksTheProtocolFailAndNothingElseDoes) {
  const std::vector<Bytes> broken = {{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 3}, Bytes(28, 0)};
  for (const Bytes& bytes : broken) {
    FakeDaemon storage(io_, socket("virtstoraged-sock"), [&](auto& connection, const auto& message) {
      if (message.header.procedure == kListAllPools) {
        connection.transport->send(bytes);
        return true;
      }
      return false;
    });
    FakeClient client(1, false, ourselves());
    open(client);
    EXPECT_EQ(call(client, kListAllPools, words({1, 0})).error, kOperationFailed);
    EXPECT_FALSE(call(client, kHostname).error);
    service_->closed(client);
  }
}

TEST_F(RelayedCalls, OfAReplyThatNobodyAskedForEndThatConnectionAlone) {
  FakeDaemon storage(io_, socket("virtstoraged-sock"), [](auto& connection, const auto& message) {
    if (message.header.procedure == kListAllPools) {
      rpc::Header other = message.header;
      other.serial += 100;
      connection.reply(other);
      return true;
    }
    return false;
  });
  open(client_);
  EXPECT_EQ(call(client_, kListAllPools, words({1, 0})).error, kOperationFailed);
}

TEST_F(RelayedCalls, OfDomainsNeverReachThem) {
  FakeDaemon libvirtd(io_, socket("libvirt-sock"), echoes);
  open(client_);
  for (const std::int32_t number : {kHostname, 51, 273, 60}) {
    call(client_, number, words({1, 0}));
  }
  EXPECT_TRUE(libvirtd.connections.empty());
}

}  // namespace
}  // namespace virtsev::daemon::test
