// SPDX-License-Identifier: LGPL-2.1-or-later
// Definitions on disk where something fails half-way: nothing is lost, and memory and disk say the same.
#include <fstream>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

constexpr const char* kUuid = "11111111-2222-3333-4444-555555555555";

class DefinitionFiles : public HypervisorTest {
 protected:
  bool stored(const std::string& name) const { return std::filesystem::exists(layout_.definition(name)); }
  bool linked(const std::string& name) const {
    return std::filesystem::is_symlink(layout_.autostart_link(name));
  }
  /// What can't be unlinked, not even by root.
  static void put_directory_at(const std::string& path) {
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
  }
  void write(const std::string& name, const DomainText& text) const {
    std::ofstream(layout_.definition(name)) << xml(text);
  }
  /// `name` was written this long before now.
  void age(const std::string& name, std::chrono::seconds seconds) const {
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(layout_.definition(name), now - seconds);
  }
};

TEST_F(DefinitionFiles, AnAutostartLinkOfNoDomainIsSwept) {
  const DomainHandle domain = define();
  wait(driver().set_autostart(domain.uuid, true));
  std::filesystem::create_symlink(layout_.definition("gone"), layout_.autostart_link("gone"));
  std::ofstream(layout_.autostart + "/note.txt") << "its owner's";
  restart();
  EXPECT_FALSE(linked("gone"));
  EXPECT_TRUE(linked("guest"));
  EXPECT_TRUE(std::filesystem::exists(layout_.autostart + "/note.txt"));
  EXPECT_TRUE(driver().autostart(domain.uuid));
}

TEST_F(DefinitionFiles, RenameWhoseLinkCannotBeMadeChangesNothing) {
  const DomainHandle domain = define();
  wait(driver().set_autostart(domain.uuid, true));
  const std::string kept = layout_.autostart + ".kept";
  std::filesystem::rename(layout_.autostart, kept);
  const auto error = error_of(driver().rename(domain.uuid, "better", 0));
  std::filesystem::rename(kept, layout_.autostart);
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kSystemError, error->code());
  EXPECT_FALSE(stored("better"));
  EXPECT_TRUE(linked("guest"));
  EXPECT_EQ("guest", driver().lookup_by_uuid(domain.uuid).name);
  restart();
  EXPECT_EQ("guest", driver().lookup_by_uuid(domain.uuid).name);
  EXPECT_TRUE(driver().autostart(domain.uuid));
}

TEST_F(DefinitionFiles, RenameWhoseOldFileCannotBeRemovedChangesNothing) {
  const DomainHandle domain = define();
  wait(driver().set_autostart(domain.uuid, true));
  put_directory_at(layout_.definition("guest"));
  const auto error = error_of(driver().rename(domain.uuid, "better", 0));
  ASSERT_TRUE(error);
  EXPECT_NE(std::string::npos, std::string(error->what()).find(layout_.definition("guest"))) << error->what();
  EXPECT_FALSE(stored("better"));
  EXPECT_FALSE(linked("better"));
  EXPECT_TRUE(linked("guest"));
  EXPECT_EQ("guest", driver().lookup_by_uuid(domain.uuid).name);
}

TEST_F(DefinitionFiles, RenameThatWasCutOffIsDoneAtTheNextStart) {
  write("guest", {.name = "guest", .uuid = kUuid});
  write("better", {.name = "better", .uuid = kUuid});
  std::filesystem::create_symlink(layout_.definition("guest"), layout_.autostart_link("guest"));
  age("guest", std::chrono::seconds(60));
  restart();
  EXPECT_EQ(1U, driver().list_all(0).size());
  const DomainHandle domain = driver().lookup_by_name("better");
  EXPECT_EQ(kUuid, domain_xml::format_uuid(domain.uuid));
  EXPECT_TRUE(driver().autostart(domain.uuid));
  EXPECT_TRUE(linked("better"));
  EXPECT_FALSE(stored("guest"));
  EXPECT_FALSE(linked("guest"));
  restart();
  EXPECT_TRUE(driver().autostart(driver().lookup_by_name("better").uuid));
}

TEST_F(DefinitionFiles, RenameThatWasCutOffIsDoneWhicheverNameComesFirst) {
  write("guest", {.name = "guest", .uuid = kUuid});
  write("newer", {.name = "newer", .uuid = kUuid});
  age("guest", std::chrono::seconds(60));
  restart();
  EXPECT_EQ("newer", driver().lookup_by_uuid(*domain_xml::parse_uuid(kUuid)).name);
  EXPECT_NE(std::string::npos, driver().xml(*domain_xml::parse_uuid(kUuid), 0).find("<name>newer</name>"));
  EXPECT_FALSE(stored("guest"));
}

TEST_F(DefinitionFiles, CopyWithTheSameUuidIsItsOwnersAndStays) {
  write("guest", {.name = "guest", .uuid = kUuid});
  write("other", {.name = "other", .uuid = kUuid, .command_line = "changed by hand"});
  restart();
  EXPECT_EQ(2U, driver().list_all(0).size());
  EXPECT_TRUE(stored("guest"));
  EXPECT_TRUE(stored("other"));
  const DomainHandle copy = driver().lookup_by_name("other");
  EXPECT_NE(std::string::npos, driver().messages(copy.uuid).front().find("that of domain 'guest'"));
  // virsh edit: another UUID, and it is a domain as any other.
  const DomainHandle corrected = define({.name = "other", .uuid = "99999999-2222-3333-4444-555555555555"});
  EXPECT_EQ(2U, driver().list_all(0).size());
  EXPECT_NO_THROW(start(corrected));
}

TEST_F(DefinitionFiles, UuidInACommentOrInMetadataIsNotTheDomains) {
  std::string content = xml({.uuid = kUuid, .policy = "0xffff"});
  const std::string foreign = "<uuid>99999999-2222-3333-4444-555555555555</uuid>";
  content.insert(content.find("<uuid>"),
                 "<!-- " + foreign + " --><metadata><x:y xmlns:x='urn:x'>" + foreign + "</x:y></metadata>");
  std::ofstream(layout_.definition("guest")) << content;
  restart();
  EXPECT_EQ(kUuid, domain_xml::format_uuid(driver().lookup_by_name("guest").uuid));
}

TEST_F(DefinitionFiles, UndefineThatFailsLeavesDefinitionAndLink) {
  const DomainHandle domain = define();
  wait(driver().set_autostart(domain.uuid, true));
  put_directory_at(layout_.definition("guest"));
  const auto error = error_of(driver().undefine(domain.uuid, 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kSystemError, error->code());
  EXPECT_TRUE(linked("guest"));
  EXPECT_TRUE(driver().is_persistent(domain.uuid));
  EXPECT_TRUE(driver().autostart(domain.uuid));
}

TEST_F(DefinitionFiles, LinkThatAnEarlierDomainLeftDoesNotStartALaterOne) {
  const DomainHandle domain = define();
  std::filesystem::create_symlink(layout_.definition("new"), layout_.autostart_link("new"));
  define({.name = "new"});
  EXPECT_FALSE(linked("new"));
  std::filesystem::create_symlink(layout_.definition("better"), layout_.autostart_link("better"));
  wait(driver().rename(domain.uuid, "better", 0));
  restart();
  EXPECT_FALSE(driver().autostart(driver().lookup_by_name("new").uuid));
  EXPECT_FALSE(driver().autostart(domain.uuid));
}

}  // namespace
}  // namespace virtsev::daemon
