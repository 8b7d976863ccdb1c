// SPDX-License-Identifier: LGPL-2.1-or-later
// Files as sevctl and sev-tool name and lay them out: read, and written.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/cli/platform/export.hpp"
#include "driver/cli/platform/from_device.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

class PlatformLayout : public testing::Test {
 protected:
  /// A file of sev-tool's names, from the certificates themselves.
  std::string sev_tool(const std::string& name) {
    const Bytes all = platform_.exported();
    const ByteView view(all);
    const auto one = [&](std::size_t number) { return view.subspan(number * 2084, 2084); };
    Bytes root = sevcore::serialise(sevcore::simulated_ask());
    const Bytes ark = sevcore::serialise(sevcore::simulated_ark());
    const ByteView content = name == "pdh.cert"          ? one(0)
                             : name == "pek.cert"        ? one(1)
                             : name == "oca.cert"        ? one(2)
                             : name == "cek.cert"        ? one(3)
                             : name == "cert_chain.cert" ? view.subspan(2084)
                             : name == "ask.cert"        ? ByteView(root)
                             : name == "ark.cert"        ? ByteView(ark)
                                                         : ByteView();
    if (name == "ask_ark.cert") {
      root.insert(root.end(), ark.begin(), ark.end());
      return directory_.write(name, root);
    }
    return directory_.write(name, content);
  }
  Outcome verify(const std::vector<std::string>& names) {
    std::vector<std::string> arguments = {"platform", "verify"};
    for (const std::string& name : names) {
      arguments.push_back(sev_tool(name));
    }
    return virtsev(arguments);
  }

  SimulatedPlatform platform_;
  TemporaryDirectory directory_;
};

TEST_F(PlatformLayout, TakesSevToolsSingleCertificates) {
  EXPECT_EQ(verify({"pdh.cert", "pek.cert", "oca.cert", "cek.cert"}).status, 3);
  EXPECT_EQ(verify({"cek.cert", "ask.cert", "ark.cert", "oca.cert", "pek.cert", "pdh.cert"}).status, 3);
}

TEST_F(PlatformLayout, TakesSevToolsChainsTogether) {
  EXPECT_EQ(verify({"pdh.cert", "cert_chain.cert"}).status, 3);
  EXPECT_EQ(verify({"pdh.cert", "cert_chain.cert", "ask_ark.cert"}).status, 3);
  EXPECT_EQ(verify({"pdh.cert", "cert_chain.cert", "cek.cert"}).status, 3) << "the same certificate twice";
  EXPECT_THAT(verify({"cert_chain.cert", "ask_ark.cert"}).errors, HasSubstr("PDH"));
}

TEST_F(PlatformLayout, TakesSevctlsFullExport) {
  Bytes file = platform_.exported();
  for (const auto* certificate : {&sevcore::simulated_ask(), &sevcore::simulated_ark()}) {
    const Bytes one = sevcore::serialise(*certificate);
    file.insert(file.end(), one.begin(), one.end());
  }
  EXPECT_EQ(virtsev({"platform", "verify", directory_.write("sevctl", file)}).status, 3);
  EXPECT_EQ(virtsev({"platform", "verify", directory_.write("b64", to_base64(file))}).status, 3);
}

/// The layout that sevctl and the firmware have: each certificate's version, usage and algorithm.
void expect_layout(const Bytes& file) {
  constexpr std::uint32_t kUsages[] = {0x1003, 0x1002, 0x1001, 0x1004};
  constexpr std::uint32_t kAlgorithms[] = {3, 2, 2, 2};
  for (std::size_t i = 0; i < 4; ++i) {
    const ByteView one = ByteView(file).subspan(i * 0x824, 0x824);
    EXPECT_EQ(get_le<std::uint32_t>(one, 0), 1U);
    EXPECT_EQ(get_le<std::uint32_t>(one, 0x8), kUsages[i]);
    EXPECT_EQ(get_le<std::uint32_t>(one, 0xc), kAlgorithms[i]);
    EXPECT_EQ(get_le<std::uint32_t>(one, 0x10), 2U) << "P-384";
  }
}

/// What a device of the simulated platform gives.
class PlatformExport : public testing::Test {
 protected:
  PlatformExport() {
    const auto platform = files_.platform();
    const auto device = platform->open_device();
    information_ = sevcore::read_platform(*device);
    set_ = certificates_of_device(*device, "the device");
  }
  Bytes exported() {
    Bytes file = information_.pdh;
    file.insert(file.end(), information_.chain.begin(), information_.chain.end());
    return file;
  }

  sevcore::PlatformDirectory files_;
  sevcore::PlatformInformation information_;
  CertificateSet set_;
  TemporaryDirectory directory_;
  ExportOptions options_{.out = directory_.path("platform.cert"), .json = true};
};

TEST_F(PlatformExport, WritesPdhPekOcaAndCekAndTheChipsId) {
  ASSERT_EQ(write_export(set_, options_), ExitStatus::kDone);
  const Bytes file = read_bytes(options_.out);
  ASSERT_EQ(file.size(), 4U * 2084);
  expect_layout(file);
  EXPECT_EQ(file, exported());
  EXPECT_EQ(read_text(options_.out + ".id"), to_hex(information_.chip_id) + "\n");
  set_.chip_id.clear();
  ASSERT_EQ(write_export(set_, options_), ExitStatus::kDone);
  EXPECT_FALSE(std::filesystem::exists(options_.out + ".id")) << "the id of another export";
}

TEST_F(PlatformExport, WritesAskAndArkBehindThemWithFull) {
  options_.full = true;
  ASSERT_EQ(write_export(set_, options_), ExitStatus::kDone);
  const Bytes file = read_bytes(options_.out);
  ASSERT_EQ(file.size(), 4U * 2084 + 2U * 1600);
  expect_layout(file);
  EXPECT_EQ(get_le<std::uint32_t>(file, 8336 + 36), 0x13U) << "ASK";
  EXPECT_EQ(get_le<std::uint32_t>(file, 9936 + 36), 0U) << "ARK";
  EXPECT_EQ(virtsev({"platform", "verify", options_.out}).status, 3);
}

TEST_F(PlatformExport, WritesEachCertificateByItself) {
  options_.out.clear();
  options_.separate = directory_.path("certificates");
  options_.full = true;
  ASSERT_EQ(write_export(set_, options_), ExitStatus::kDone);
  std::vector<std::string> verify = {"platform", "verify"};
  Bytes joined;
  for (const char* name : {"pdh.cert", "pek.cert", "oca.cert", "cek.cert"}) {
    verify.push_back(options_.separate + "/" + name);
    const Bytes one = read_bytes(verify.back());
    EXPECT_EQ(one.size(), 2084U) << name;
    joined.insert(joined.end(), one.begin(), one.end());
  }
  expect_layout(joined);
  EXPECT_EQ(virtsev(verify).status, 3);
  EXPECT_EQ(read_bytes(options_.separate + "/ask.cert").size(), 1600U);
  EXPECT_EQ(read_bytes(options_.separate + "/ark.cert").size(), 1600U);
  EXPECT_EQ(read_text(options_.separate + "/cek.cert.id"), to_hex(information_.chip_id) + "\n");
}

TEST_F(PlatformExport, NeedsAPlaceAndNotThatOfItsInput) {
  options_.cek = directory_.write("cek.cert", sevcore::serialise(*set_.cek));
  options_.out = options_.cek;
  EXPECT_THROW(write_export(set_, options_), Error);
  options_.out.clear();
  EXPECT_THROW(write_export(set_, options_), Error);
  options_.out = "-";
  EXPECT_THROW(write_export(set_, options_), Error);
}

TEST_F(PlatformExport, TakesTheSignedCekInPlaceOfTheExportedOne) {
  options_.cek = directory_.write("cek.cert", sevcore::serialise(*set_.cek));
  set_.cek->signatures = {};
  ASSERT_EQ(write_export(set_, options_), ExitStatus::kDone);
  EXPECT_EQ(read_bytes(options_.out), exported());
}

TEST_F(PlatformExport, DoesNotGuessTheRootOfAnUnsignedCek) {
  options_.full = true;
  set_.cek->signatures = {};
  EXPECT_THROW(write_export(set_, options_), Error);
  EXPECT_FALSE(std::filesystem::exists(options_.out));
}

TEST_F(PlatformExport, IsFromAUriOrFromADevice) {
  const Outcome both =
      virtsev({"platform", "export", "--uri", "test:///default", "--device", "--out", options_.out});
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.errors, HasSubstr("--uri"));
}

TEST_F(PlatformExport, SaysWhyADeviceCanNotBeAsked) {
  const Outcome none = virtsev({"platform", "export", "--device", "/nowhere/sev", "--out", options_.out});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.errors, HasSubstr("/nowhere/sev: No such file or directory; `virtsev host`"));
  const Outcome other = virtsev({"platform", "export", "--device", "/dev/null", "--out", options_.out});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.errors, HasSubstr("/dev/null: "));
  EXPECT_THAT(other.errors, HasSubstr("not /dev/sev"));
}

}  // namespace
}  // namespace virtsev::cli::test
