// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains by definition: uniqueness, transient and persistent, rename, metadata, what is on disk.
#include <csignal>
#include <ctime>
#include <fstream>

#include <libvirt/libvirt.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;
using Definition = HypervisorTest;

constexpr const char* kUuid = "11111111-2222-3333-4444-555555555555";

TEST_F(Definition, IsAddedThenUpdated) {
  define({.uuid = kUuid});
  define({.uuid = kUuid, .command_line = "more"});
  EXPECT_EQ((Events{"guest: defined 0", "guest: defined 1"}), events_);
  EXPECT_EQ(1U, driver().list_all(0).size());
}

TEST_F(Definition, IsThereAfterARestart) {
  const DomainHandle domain = define({.uuid = kUuid, .command_line = "console=ttyS0"});
  const std::string before = driver().xml(domain.uuid, 0);
  restart();
  EXPECT_EQ(before, driver().xml(driver().lookup_by_name("guest").uuid, 0));
  EXPECT_TRUE(driver().is_persistent(domain.uuid));
}

TEST_F(Definition, FileIsPrivateAndWarnsWhoeverOpensIt) {
  define();
  struct stat status {};
  ASSERT_EQ(0, ::stat(layout_.definition("guest").c_str(), &status));
  EXPECT_EQ(0600U, status.st_mode & 0777U);
  const std::string content = read_small(layout_.definition("guest"));
  EXPECT_EQ(0U, content.find("<!--"));
  EXPECT_NE(std::string::npos, content.find("AUTO-GENERATED FILE"));
  EXPECT_NE(std::string::npos, content.find("virsh edit guest"));
}

TEST_F(Definition, WriteThatWasCutOffLeavesNothing) {
  define();
  const std::string left_over = layout_.definitions + "/.guest.xml.AbCdEf";
  std::ofstream(left_over) << "half a docu";
  restart();
  EXPECT_EQ(1U, driver().list_all(0).size());
  EXPECT_FALSE(std::filesystem::exists(left_over));
}

TEST_F(Definition, WhoseNameLooksLikeALeftOverOutlivesARestart) {
  const std::vector<std::string> names = {"foo.xml.ab", "foo.xml", "foo.xml.AbCdEf", "foo"};
  for (const std::string& name : names) {
    define({.name = name});
  }
  restart();
  restart();
  for (const std::string& name : names) {
    EXPECT_NO_THROW(driver().lookup_by_name(name)) << name;
  }
}

TEST_F(Definition, SameUuidWithAnotherNameIsRefused) {
  define({.uuid = kUuid});
  const auto error = error_of(driver().define(xml({.name = "other", .uuid = kUuid}), 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationFailed, error->code());
}

TEST_F(Definition, SameNameWithAnotherUuidIsRefused) {
  define({.uuid = kUuid});
  ASSERT_TRUE(error_of(driver().define(xml(), 0)));
  ASSERT_TRUE(error_of(driver().create(xml(), 0, 1)));
}

TEST_F(Definition, TwoAtTheSameTimeAreOneDomain) {
  std::size_t done = 0;
  const std::string document = xml({.uuid = kUuid});
  for (int i = 0; i < 2; ++i) {
    begin([&]() -> asio::awaitable<void> {
      co_await driver().define(document, 0);
      ++done;
    });
  }
  wait_until([&] { return done == 2; });
  EXPECT_EQ((Events{"guest: defined 0", "guest: defined 1"}), events_);
}

TEST_F(Definition, NamesThatAreNoFileNamesAreRefused) {
  for (const char* name : {"a/b", "../x", ".", "..", ".hidden", "new&#10;line"}) {
    const auto error = error_of(driver().define(xml({.name = name}), 0));
    ASSERT_TRUE(error) << name;
    EXPECT_TRUE(driver().list_all(0).empty());
  }
  ASSERT_TRUE(error_of(driver().define(xml({.name = std::string(300, 'x')}), 0)));
}

TEST_F(Definition, MetadataThatWouldMakeItTooLongIsRefusedAndLeavesItUsable) {
  const DomainHandle domain = define();
  const auto describe = [&](std::size_t bytes) {
    return error_of(driver().set_metadata(domain.uuid, VIR_DOMAIN_METADATA_DESCRIPTION,
                                          std::string(bytes, '<'), {}, {}, VIR_DOMAIN_AFFECT_CONFIG));
  };
  std::size_t taken = 0;  // The largest that is taken, to 64 bytes; each '<' is four bytes of the file
  for (std::size_t step = 1U << 20; step >= 64; step /= 2) {
    if (const auto error = describe(taken + step)) {
      EXPECT_EQ(ErrorCode::kXmlError, error->code());
      EXPECT_NE(std::string::npos, std::string(error->what()).find("bytes")) << error->what();
    } else {
      taken += step;
    }
  }
  EXPECT_GT(taken, 200'000U);
  restart();
  EXPECT_EQ(std::string(taken, '<'), driver().metadata(domain.uuid, VIR_DOMAIN_METADATA_DESCRIPTION, {}, 0));
  EXPECT_NO_THROW(start(domain));
  restart();
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
}

TEST_F(Definition, DocumentOfUnreasonableSizeIsRefused) {
  const auto error = error_of(driver().define(xml({.more = "<!--" + std::string(2U << 20, 'x') + "-->"}), 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kXmlError, error->code());
}

TEST_F(Definition, WhileRunningStandsBesideTheLiveOne) {
  const DomainHandle domain = start(define({.uuid = kUuid}));
  define({.uuid = kUuid, .command_line = "new"});
  EXPECT_EQ(std::string::npos, driver().xml(domain.uuid, 0).find("new"));
  EXPECT_NE(std::string::npos, driver().xml(domain.uuid, VIR_DOMAIN_XML_INACTIVE).find("new"));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_NE(std::string::npos, driver().xml(domain.uuid, 0).find("new"));
}

TEST_F(Definition, MakesATransientDomainPersistent) {
  const DomainHandle domain = wait(driver().create(xml({.uuid = kUuid}), 0, 1));
  EXPECT_FALSE(driver().is_persistent(domain.uuid));
  EXPECT_TRUE(error_of(driver().set_autostart(domain.uuid, true)))
      << "a transient domain can't be started by itself";
  define({.uuid = kUuid});
  EXPECT_TRUE(driver().is_persistent(domain.uuid));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ(1U, driver().list_all(0).size());
}

TEST_F(Definition, TransientDomainGoesWithItsEnd) {
  const DomainHandle domain = wait(driver().create(xml(), 0, 1));
  EXPECT_TRUE(error_of(driver().undefine(domain.uuid, 0)));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_TRUE(driver().list_all(0).empty());
}

TEST_F(Definition, TransientDomainThatCannotStartLeavesNothing) {
  EXPECT_TRUE(error_of(driver().create(xml({.command_line = "start=fail"}), 0, 1)));
  EXPECT_TRUE(driver().list_all(0).empty());
}

TEST_F(Definition, WithoutAKernelIsTakenAndNotStarted) {
  std::string without = xml({});
  const std::size_t start = without.find("<kernel>");
  const std::string end = "</kernel>";
  without.erase(start, without.find(end) + end.size() - start);
  const DomainHandle domain = wait(driver().define(without, 0));
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kConfigUnsupported, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("it does not say what to boot"));
  EXPECT_FALSE(driver().any_active());
}

TEST_F(Definition, ForAfterAnInstallationIsTakenWhileTheGuestThatInstallsRuns) {
  const DomainText text{.uuid = "11111111-2222-4333-8444-555555555555"};
  const DomainHandle running = wait(driver().create(xml(text), 0, 1));
  std::string after = xml(text);
  const std::size_t start = after.find("<kernel>");
  const std::string end = "</kernel>";
  after.replace(start, after.find(end) + end.size() - start, "<boot dev='hd'/>");
  EXPECT_EQ(running.uuid, wait(driver().define(after, 0)).uuid);
  EXPECT_TRUE(driver().is_persistent(running.uuid));
}

TEST_F(Definition, WithAScreenSaysThatItIsNotGivenOrIsRefusedWhereTheSiteWantsThat) {
  std::string document = xml({.uuid = "11111111-2222-4333-8444-555555555555"});
  const std::string serial = "<serial type='pty'/>";
  document.insert(document.find(serial), "<graphics type='vnc' port='-1'/>");
  const DomainHandle domain = wait(driver().define(document, 0));
  EXPECT_NE(std::string::npos,
            driver().messages(domain.uuid).back().find("taken and not used: <devices><graphics type='vnc'>"));
  configuration_.headless = false;
  restart();
  EXPECT_TRUE(error_of(driver().define(document, 0)));
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).at(0).find("headless = 1"));
}

TEST_F(Definition, UndefinedWhileRunningIsTransient) {
  const DomainHandle domain = start(define());
  events_.clear();
  wait(driver().undefine(domain.uuid, 0));
  EXPECT_EQ((Events{"guest: undefined 0"}), events_);
  EXPECT_FALSE(driver().is_persistent(domain.uuid));
  EXPECT_FALSE(std::filesystem::exists(layout_.definition("guest")));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_TRUE(driver().list_all(0).empty());
}

TEST_F(Definition, UndefineTakesTheFlagsOfOtherDrivers) {
  const DomainHandle domain = define();
  wait(driver().undefine(domain.uuid, 127));
}

TEST_F(Definition, RenamedWithItsFileAndAutostart) {
  const DomainHandle domain = define();
  wait(driver().set_autostart(domain.uuid, true));
  events_.clear();
  wait(driver().rename(domain.uuid, "better", 0));
  EXPECT_EQ((Events{"guest: undefined 1", "better: defined 2"}), events_);
  restart();
  EXPECT_EQ(domain.uuid, driver().lookup_by_name("better").uuid);
  EXPECT_TRUE(driver().autostart(domain.uuid));
  EXPECT_THROW(driver().lookup_by_name("guest"), Error);
}

TEST_F(Definition, RenameIsForInactiveDomainsAndFreeNames) {
  const DomainHandle other = define({.name = "other"});
  const DomainHandle domain = start(define());
  EXPECT_TRUE(error_of(driver().rename(domain.uuid, "better", 0)));
  EXPECT_TRUE(error_of(driver().rename(other.uuid, "guest", 0)));
  EXPECT_TRUE(error_of(driver().rename(other.uuid, "other", 0)));
  EXPECT_TRUE(error_of(driver().rename(other.uuid, "a/b", 0)));
  EXPECT_EQ(other.uuid, driver().lookup_by_name("other").uuid);
}

TEST_F(Definition, MetadataOfLiveAndStoredAreApart) {
  const DomainHandle domain = start(define());
  wait(driver().set_metadata(domain.uuid, VIR_DOMAIN_METADATA_TITLE, "live", {}, {}, VIR_DOMAIN_AFFECT_LIVE));
  EXPECT_EQ("live", driver().metadata(domain.uuid, VIR_DOMAIN_METADATA_TITLE, {}, 0));
  EXPECT_THROW(driver().metadata(domain.uuid, VIR_DOMAIN_METADATA_TITLE, {}, VIR_DOMAIN_AFFECT_CONFIG),
               Error);
  wait(driver().set_metadata(domain.uuid, VIR_DOMAIN_METADATA_TITLE, "stored", {}, {},
                             VIR_DOMAIN_AFFECT_CONFIG));
  restart();
  EXPECT_EQ("live", driver().metadata(domain.uuid, VIR_DOMAIN_METADATA_TITLE, {}, 0));
  EXPECT_EQ("stored",
            driver().metadata(domain.uuid, VIR_DOMAIN_METADATA_TITLE, {}, VIR_DOMAIN_AFFECT_CONFIG));
}

TEST_F(Definition, FullDiskLeavesTheOldOneIntact) {
  const DomainHandle domain = define({.uuid = kUuid});
  const std::string before = read_small(layout_.definition("guest"));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit full{16, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  const auto changed = error_of(driver().define(xml({.uuid = kUuid, .command_line = "new"}), 0));
  const auto added = error_of(driver().define(xml({.name = "added"}), 0));
  ::setrlimit(RLIMIT_FSIZE, &old);
  ASSERT_TRUE(changed);
  EXPECT_EQ(ErrorCode::kSystemError, changed->code());
  EXPECT_NE(std::string::npos, std::string(changed->what()).find(layout_.definition("guest")));
  ASSERT_TRUE(added);
  EXPECT_EQ(before, read_small(layout_.definition("guest")));
  EXPECT_EQ(std::string::npos, driver().xml(domain.uuid, 0).find("new"))
      << "memory and disk say different things";
  EXPECT_EQ(1U, driver().list_all(0).size());
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(layout_.definitions)) {
    ++files;
  }
  EXPECT_EQ(2U, files) << "the definition and autostart/ alone";
}

TEST_F(Definition, StoredFileThatNoLongerPassesStaysListedAndSaysWhy) {
  define({.uuid = kUuid});
  std::string content = read_small(layout_.definition("guest"));
  content.replace(content.find("<policy>") + 8, 6, "0xffff");
  std::ofstream(layout_.definition("guest")) << content;
  restart();
  const DomainHandle domain = driver().lookup_by_name("guest");
  EXPECT_EQ(kUuid, domain_xml::format_uuid(domain.uuid));
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_NE(std::string::npos, std::string(error->what()).find("policy"));
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).front().find("policy"));
  EXPECT_EQ(content, driver().xml(domain.uuid, VIR_DOMAIN_XML_INACTIVE)) << "what `virsh edit` shows";
  define({.uuid = kUuid});
  EXPECT_NO_THROW(start(domain));
}

TEST_F(Definition, AThousandAreNoBurden) {
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "guest-" + std::to_string(i);
    std::ofstream(layout_.definition(name))
        << xml({.name = name, .uuid = domain_xml::format_uuid(domain_xml::random_uuid())});
  }
  const std::clock_t begin_restart = std::clock();  // CPU time: what else the machine does is not counted
  restart();
  const std::clock_t loaded = std::clock() - begin_restart;
  EXPECT_EQ(1000U, driver().list_all(0).size());
  EXPECT_EQ(
      1000U,
      driver().list_all(VIR_CONNECT_LIST_DOMAINS_INACTIVE | VIR_CONNECT_LIST_DOMAINS_PERSISTENT).size());
  EXPECT_LT(loaded, 5 * CLOCKS_PER_SEC);
}

TEST_F(Definition, ListFiltersByGroups) {
  start(define({.name = "running"}));
  start(define({.name = "paused"}), VIR_DOMAIN_START_PAUSED);
  define({.name = "off"});
  wait(driver().create(xml({.name = "transient"}), 0, 1));
  const auto names = [&](std::uint32_t filter) {
    std::string all;
    for (const DomainHandle& domain : driver().list_all(filter)) {
      all += domain.name + " ";
    }
    return all;
  };
  EXPECT_EQ("paused running transient ", names(VIR_CONNECT_LIST_DOMAINS_ACTIVE));
  EXPECT_EQ("off ", names(VIR_CONNECT_LIST_DOMAINS_INACTIVE));
  EXPECT_EQ("off paused running transient ",
            names(VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE));
  EXPECT_EQ("transient ", names(VIR_CONNECT_LIST_DOMAINS_TRANSIENT));
  EXPECT_EQ("paused running ", names(VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_PERSISTENT));
  EXPECT_EQ("off paused ", names(VIR_CONNECT_LIST_DOMAINS_PAUSED | VIR_CONNECT_LIST_DOMAINS_SHUTOFF));
  EXPECT_EQ("", names(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE));
  EXPECT_EQ("", names(VIR_CONNECT_LIST_DOMAINS_AUTOSTART));
  EXPECT_THROW(driver().list_all(1U << 16), Error);
}

TEST_F(Definition, NoNewNameSteersATerminal) {
  const DomainHandle domain = define();
  for (const char* name : {"a\u009b2Jb", "a\u202eb"}) {
    for (const auto& error : {error_of(driver().define(xml({.name = name}), 0)),
                              error_of(driver().create(xml({.name = name}), 0, 1)),
                              error_of(driver().rename(domain.uuid, name, 0))}) {
      ASSERT_TRUE(error) << name;
      EXPECT_NE(std::string::npos, std::string(error->what()).find("'a?")) << error->what();
    }
  }
  EXPECT_EQ("guest", driver().lookup_by_uuid(domain.uuid).name);
  define({.name = "Übung עברית"});
}

}  // namespace
}  // namespace virtsev::daemon
