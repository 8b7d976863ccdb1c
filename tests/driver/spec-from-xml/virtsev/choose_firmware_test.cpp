// SPDX-License-Identifier: LGPL-2.1-or-later
// Which firmware a host's descriptors give a guest, and which its image.
#include "driver/spec-from-xml/virtsev/choose_firmware.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"

namespace virtsev::spec {
namespace {

const sevcore::Protection kSev = sevcore::make_protection(sevcore::Policy(1));
const sevcore::Protection kSevEs = sevcore::make_protection(sevcore::Policy(7));

class ChooseFirmware : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "firmware-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    std::filesystem::create_directory(directory_ + "/etc");
    std::filesystem::create_directory(directory_ + "/usr");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string image(const std::string& name, bool for_es) {
    boot::ovmf::test::Table table;
    table.reset = for_es;
    const Bytes bytes = boot::ovmf::test::synthetic_firmware(table);
    const std::string path = directory_ + "/" + name;
    std::ofstream(path).write(reinterpret_cast<const char*>(bytes.data()),
                              static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  void describe(const std::string& name, const std::string& image, const std::string& features = "",
                const std::string& machines = "pc-q35-*") {
    std::ofstream(directory_ + "/" + name)
        << R"({"interface-types":["uefi"],"mapping":{"device":"flash","executable":{"filename":")" << image
        << R"(","format":"raw"}},"targets":[{"architecture":"x86_64","machines":[")" << machines
        << R"("]}],"features":[)" << features << "]}";
  }
  std::string chosen(const sevcore::Protection& protection) {
    return choose_firmware(protection, {directory_ + "/etc", directory_ + "/usr"});
  }
  std::string refusal(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }

  std::string directory_;
};

TEST_F(ChooseFirmware, TheFirstByNameThatCanStartTheGuest) {
  const std::string first = image("first.fd", false);
  const std::string second = image("second.fd", true);
  describe("usr/20.json", second);
  describe("usr/10.json", first);
  EXPECT_EQ(chosen(kSev), first);
  EXPECT_EQ(chosen(kSevEs), second);
}

TEST_F(ChooseFirmware, LeavesOutSystemManagementModeAndOtherMachines) {
  describe("usr/10.json", image("smm.fd", true), "\"requires-smm\"");
  describe("usr/20.json", image("microvm.fd", true), "", "microvm");
  describe("usr/30.json", directory_ + "/missing.fd");
  std::ofstream(directory_ + "/usr/40.json") << "{ no JSON";
  const std::string last = image("last.fd", true);
  describe("usr/50.json", last);
  EXPECT_EQ(chosen(kSevEs), last);
}

TEST_F(ChooseFirmware, AnEmptyFileOfTheAdministratorsHidesAPackages) {
  describe("usr/10.json", image("first.fd", true));
  const std::string second = image("second.fd", true);
  describe("usr/20.json", second);
  std::ofstream(directory_ + "/etc/10.json") << "";
  EXPECT_EQ(chosen(kSev), second);
}

TEST_F(ChooseFirmware, WhereNoneThatIsDescribedCanTakesTheFirstBesideThemThatCan) {
  describe("usr/10.json", image("OVMF_CODE_4M.fd", false));
  image("OVMF_AAA_VARS.fd", true);
  image("OVMF_AAA.secboot.fd", true);
  const std::string able = image("OVMF_CODE.fd", true);
  EXPECT_EQ(chosen(kSevEs), able);
}

TEST_F(ChooseFirmware, AnImageThatIsNamedAndCantIsRefusedTheSameWay) {
  const std::string able = image("OVMF_CODE.fd", true);
  const std::string path = image("OVMF_CODE_4M.fd", false);
  describe("usr/10.json", path);
  const UniqueFd file = open_file("<os><loader>", path);
  const std::vector<std::string> directories = {directory_ + "/usr"};
  EXPECT_NO_THROW(check_firmware({file.get(), path}, kSev, directories));
  const std::string why = refusal([&] { check_firmware({file.get(), path}, kSevEs, directories); });
  EXPECT_TRUE(why.starts_with("<os><loader>: firmware '" + path + "' is not built for SEV-ES")) << why;
  EXPECT_NE(why.find(able), std::string::npos) << why;
}

}  // namespace
}  // namespace virtsev::spec
