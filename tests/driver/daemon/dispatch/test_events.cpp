// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is told of what, and who has the console.
#include <array>

#include "tests/driver/daemon/dispatch/service_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

class Events : public ServiceTest {
 protected:
  void SetUp() override {
    driver_.add("alpha");
    driver_.add("beta");
    open();
    open(other_);
  }
  std::int32_t add(FakeClient& client, std::int32_t event, const Uuid* only = nullptr) {
    Arguments arguments;
    arguments.i32(event).u32(only != nullptr ? 1 : 0);
    if (only != nullptr) {
      arguments.domain(*only);
    }
    const Outcome outcome = call(client, kConnectDomainEventRegisterAny, arguments);
    EXPECT_FALSE(outcome.error) << outcome.message;
    xdr::Decoder decoder(outcome.payload);
    return decoder.get_int32();
  }
  static DomainHandle beta() { return {"beta", uuid_of(2), 7}; }
  static Bytes payload(std::int32_t callback, const DomainHandle& domain, const Arguments& rest = {}) {
    xdr::Encoder out;
    out.put_int32(callback);
    dispatch::put_domain(out, domain);
    out.put_fixed_opaque(rest.bytes());
    return out.take();
  }
  FakeClient other_{2};
};

TEST_F(Events, EachCallbackGetsAMessageOfItsOwn) {
  const std::int32_t first = add(client_, 0);
  const std::int32_t second = add(client_, 0);
  EXPECT_NE(first, second);
  driver_.emit({beta(), LifecycleEvent{5, 1}});
  ASSERT_EQ(client_.events.size(), 2U);
  EXPECT_EQ(client_.events[0].procedure, 318);
  EXPECT_EQ(client_.events[0].payload, payload(first, beta(), Arguments().i32(5).i32(1)));
  EXPECT_EQ(client_.events[1].payload, payload(second, beta(), Arguments().i32(5).i32(1)));
  EXPECT_TRUE(other_.events.empty());
}

TEST_F(Events, HaveTheirOwnMessages) {
  const std::int32_t reboot = add(client_, 1);
  const std::int32_t metadata = add(client_, 23);
  driver_.emit({beta(), RebootEvent{}});
  driver_.emit({beta(), MetadataChangeEvent{1, std::nullopt}});
  driver_.emit({beta(), MetadataChangeEvent{2, "http://example.org/"}});
  ASSERT_EQ(client_.events.size(), 3U);
  EXPECT_EQ(client_.events[0].procedure, 319);
  EXPECT_EQ(client_.events[0].payload, payload(reboot, beta()));
  EXPECT_EQ(client_.events[1].procedure, 379);
  EXPECT_EQ(client_.events[1].payload, payload(metadata, beta(), Arguments().i32(1).optional(std::nullopt)));
  EXPECT_EQ(client_.events[2].payload,
            payload(metadata, beta(), Arguments().i32(2).optional("http://example.org/")));
}

TEST_F(Events, OfDevicesNameThem) {
  const std::array numbers = {add(client_, 19), add(client_, 15), add(client_, 22)};
  using What = DeviceEvent::What;
  driver_.emit({beta(), DeviceEvent{What::kAdded, "net0"}});
  driver_.emit({beta(), DeviceEvent{What::kRemoved, "net0"}});
  driver_.emit({beta(), DeviceEvent{What::kRemovalFailed, "virtio-disk1"}});
  ASSERT_EQ(client_.events.size(), 3U);
  EXPECT_EQ(client_.events[0].procedure, 354);
  EXPECT_EQ(client_.events[0].payload, payload(numbers[0], beta(), Arguments().text("net0")));
  EXPECT_EQ(client_.events[1].procedure, 333);
  EXPECT_EQ(client_.events[1].payload, payload(numbers[1], beta(), Arguments().text("net0")));
  EXPECT_EQ(client_.events[2].procedure, 367);
  EXPECT_EQ(client_.events[2].payload, payload(numbers[2], beta(), Arguments().text("virtio-disk1")));
}

TEST_F(Events, OfOneDomainAlone) {
  const Uuid alpha = uuid_of(1);
  add(client_, 0, &alpha);
  driver_.emit({beta(), LifecycleEvent{5, 1}});
  EXPECT_TRUE(client_.events.empty());
  driver_.emit({{"alpha", alpha, 3}, LifecycleEvent{5, 1}});
  EXPECT_EQ(client_.events.size(), 1U);
}

TEST_F(Events, EveryEventOfLibvirtCanBeRegisteredFor) {
  for (std::int32_t event = 0; event < 28; ++event) {
    add(client_, event);
  }
  for (const std::int32_t event : {-1, 28, 2147483647}) {
    const Outcome outcome = call(kConnectDomainEventRegisterAny, Arguments().i32(event).u32(0));
    EXPECT_EQ(outcome.error, kInternal);
    EXPECT_EQ(outcome.message, "unsupported event ID " + std::to_string(event));
  }
}

TEST_F(Events, EndWhenDeregistered) {
  const std::int32_t callback = add(client_, 0);
  EXPECT_FALSE(call(kConnectDomainEventDeregisterAny, Arguments().i32(callback)).error);
  driver_.emit({beta(), LifecycleEvent{5, 1}});
  EXPECT_TRUE(client_.events.empty());
  EXPECT_EQ(call(kConnectDomainEventDeregisterAny, Arguments().i32(callback)).error, kInternal);
}

TEST_F(Events, NobodyElseCanDeregisterThem) {
  const std::int32_t callback = add(client_, 0);
  EXPECT_EQ(call(other_, kConnectDomainEventDeregisterAny, Arguments().i32(callback)).error, kInternal);
  driver_.emit({beta(), LifecycleEvent{5, 1}});
  EXPECT_EQ(client_.events.size(), 1U);
}

TEST_F(Events, EndWithTheConnection) {
  add(client_, 0);
  add(other_, 0);
  service_.closed(client_);
  driver_.emit({beta(), LifecycleEvent{5, 1}});
  EXPECT_TRUE(client_.events.empty());
  EXPECT_EQ(other_.events.size(), 1U);
}

TEST_F(Events, AConnectionHasABoundedNumberOfCallbacks) {
  for (std::size_t i = 0; i < dispatch::EventHub::kMaxCallbacks; ++i) {
    add(client_, 0);
  }
  EXPECT_EQ(call(kConnectDomainEventRegisterAny, Arguments().i32(0).u32(0)).error, kResourceBusy);
  add(other_, 0);
}

TEST_F(Events, ReadersAreToldToo) {
  FakeClient reader(3, true);
  open(reader);
  add(reader, 0);
  driver_.emit({beta(), LifecycleEvent{5, 1}});
  EXPECT_EQ(reader.events.size(), 1U);
}

class Console : public Events {
 protected:
  void SetUp() override {
    Events::SetUp();
    EXPECT_FALSE(call(kDomainCreate, Arguments().domain(uuid_of(1))).error);
  }
  Outcome open_console(FakeClient& client, std::uint32_t flags = 0,
                       const std::optional<std::string>& device = std::nullopt) {
    return call(client, kDomainOpenConsole, Arguments().domain(uuid_of(1)).optional(device).u32(flags));
  }
};

TEST_F(Console, IsTiedToTheCall) {
  EXPECT_FALSE(open_console(client_).error);
  ASSERT_EQ(client_.streams.size(), 1U);
  EXPECT_TRUE(client_.streams[0]->descriptor.valid());
}

TEST_F(Console, IsNamedByItsAlias) {
  EXPECT_FALSE(open_console(client_, 0, "serial0").error);
  EXPECT_EQ(open_console(other_, 1, "serial9").error, kInvalidArgument);
}

TEST_F(Console, IsForOneClientAtATime) {
  EXPECT_FALSE(open_console(client_).error);
  const Outcome second = open_console(other_);
  EXPECT_EQ(second.error, kOperationFailed);
  EXPECT_EQ(second.message.rfind("Active console session exists for this domain", 0), 0U);
  EXPECT_TRUE(other_.streams.empty());
  EXPECT_FALSE(client_.streams[0]->failure);
}

TEST_F(Console, IsTakenOverByForce) {
  EXPECT_FALSE(open_console(client_).error);
  EXPECT_FALSE(open_console(other_, 1).error);
  EXPECT_TRUE(client_.streams[0]->failure);
  EXPECT_FALSE(other_.streams[0]->failure);
  EXPECT_EQ(open_console(client_).error, kOperationFailed);
}

TEST_F(Console, IsFreeAgainWhenTheStreamEnds) {
  EXPECT_FALSE(open_console(client_).error);
  client_.streams[0]->end();
  EXPECT_FALSE(open_console(other_).error);
}

TEST_F(Console, TheEndOfAStreamThatWasTakenOverFreesNothing) {
  EXPECT_FALSE(open_console(client_).error);
  EXPECT_FALSE(open_console(other_, 1).error);
  client_.streams[0]->end();
  EXPECT_EQ(open_console(client_).error, kOperationFailed);
}

TEST_F(Console, OfAnInactiveDomainIsRefused) {
  EXPECT_EQ(call(kDomainOpenConsole, Arguments().domain(uuid_of(2)).optional(std::nullopt).u32(0)).error,
            kOperationInvalid);
}

TEST_F(Console, UnknownFlagsAreRefused) {
  EXPECT_EQ(open_console(client_, 4).error, kInvalidArgument);
  EXPECT_FALSE(open_console(client_, 2).error);
}

class Channel : public Console {
 protected:
  Outcome open_channel(FakeClient& client, const std::optional<std::string>& name, std::uint32_t flags = 0) {
    return call(client, kDomainOpenChannel, Arguments().domain(uuid_of(1)).optional(name).u32(flags));
  }
};

TEST_F(Channel, IsTiedToTheCallAndHasItsName) {
  EXPECT_FALSE(open_channel(client_, "virtsev.gdb").error);
  ASSERT_EQ(client_.streams.size(), 1U);
  EXPECT_TRUE(client_.streams[0]->descriptor.valid());
  EXPECT_EQ(driver_.calls.back(), "open_channel virtsev.gdb");
}

TEST_F(Channel, IsNotForThoseWhoMayOnlyRead) {
  FakeClient reader(3, true);
  open(reader);
  EXPECT_EQ(open_channel(reader, "virtsev.gdb").error, kOperationDenied);
  EXPECT_TRUE(reader.streams.empty());
}

TEST_F(Channel, UnknownFlagsAreRefused) {
  EXPECT_EQ(open_channel(client_, "virtsev.gdb", 1).error, kInvalidArgument);
  EXPECT_TRUE(client_.streams.empty());
}

}  // namespace
}  // namespace virtsev::daemon::test
