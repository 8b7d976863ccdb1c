// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev explain: every step of a digest, and the answer to "why does my measurement not match?".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/base/hex.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"
#include "tests/driver/cli/fakes/program.hpp"

namespace virtsev::cli::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What a domain says; each test changes what it is about.
struct Domain {
  std::string kernel;
  std::string initrd;  ///< Empty: none
  std::string policy = "0x7";
  std::string command_line = "console=ttyS0";
  int vcpus = 2;
  int memory_mib = 256;

  [[nodiscard]] std::string xml() const {
    return "<domain type='kvm'><name>d</name><memory unit='MiB'>" + std::to_string(memory_mib) +
           "</memory><vcpu>" + std::to_string(vcpus) +
           "</vcpu><os><type arch='x86_64' machine='q35'>hvm</type><kernel>" + kernel + "</kernel>" +
           (initrd.empty() ? "" : "<initrd>" + initrd + "</initrd>") + "<cmdline>" + command_line +
           "</cmdline></os><launchSecurity type='sev'><policy>" + policy +
           "</policy></launchSecurity></domain>";
  }
};

class Explain : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  Domain domain_{directory_.write("kernel", boot::test::synthetic_bzimage()),
                 directory_.write("initrd", boot::test::pattern(5000, 1))};
  std::string xml_ = directory_.write("domain.xml", domain_.xml());

  /// Explains the fixture's domain against this one; the answer must be that they differ.
  Outcome against(const Domain& other) {
    const Outcome outcome =
        virtsev({"explain", xml_, "--against", directory_.write("other.xml", other.xml())});
    EXPECT_EQ(outcome.status, 1) << outcome.output << outcome.errors;
    return outcome;
  }
  template <typename Content>
  [[nodiscard]] std::string file(const std::string& name, const Content& content) const {
    return directory_.write(name, content);
  }
};

using ExplainAgainst = Explain;

TEST_F(Explain, ListsEveryStepUpToTheDigestThatMeasurePredicts) {
  const auto value = virtsev({"explain", xml_, "--json"}).json();
  std::vector<std::string> names;
  for (const auto& step : value["regions"].elements()) {
    names.push_back(step["name"].string());
  }
  EXPECT_THAT(names, testing::ElementsAre("BIOS data area", "GDT", "boot parameters", "command line",
                                          "reset vector", "secret page", "ACPI tables", "kernel", "initrd",
                                          "VMSA of vCPU 0", "VMSA of vCPU 1"));
  EXPECT_EQ(value["regions"].elements().back()["running_digest"], value["launch_digest"]);
  EXPECT_EQ(virtsev({"measure", xml_}).output, value["launch_digest"].string() + "\n");
}

TEST_F(Explain, GivesDigestsThatAnyOtherToolGives) {
  Bytes initrd = boot::test::pattern(5000, 1);
  initrd.resize(2 * 4096);
  const auto value = virtsev({"explain", xml_, "--json"}).json();
  EXPECT_EQ(value["regions"][8]["digest"], to_hex(sevcore::crypto::sha256(initrd)));
  EXPECT_EQ(value["regions"][8]["origin"], domain_.initrd);
  EXPECT_EQ(value["regions"][0]["digest"], value["regions"][0]["running_digest"]);
}

TEST_F(Explain, ShowsForPeopleWhatItShowsForScripts) {
  const auto value = virtsev({"explain", xml_, "--json"}).json();
  const std::string shown = virtsev({"explain", xml_}).output;
  for (const auto& step : value["regions"].elements()) {
    EXPECT_THAT(shown, AllOf(HasSubstr(step["name"].string()), HasSubstr(step["digest"].string()),
                             HasSubstr(step["running_digest"].string())));
  }
  EXPECT_THAT(shown, HasSubstr("launch digest  " + value["launch_digest"].string()));
}

TEST_F(Explain, DrawsWhatItLists) {
  const std::string drawing = directory_.path("plan.svg");
  const auto value = virtsev({"explain", xml_, "--json", "--svg", drawing}).json();
  const std::string svg = read_text(drawing);
  for (const auto& step : value["regions"].elements()) {
    EXPECT_THAT(svg,
                AllOf(HasSubstr(step["name"].string()), HasSubstr(step["digest"].string().substr(0, 16))));
  }
  EXPECT_THAT(svg, HasSubstr(value["launch_digest"].string()));
  EXPECT_THAT(svg, testing::Not(HasSubstr("first difference")));
}

TEST_F(ExplainAgainst, MarksTheFirstDifferenceInTheDrawing) {
  Domain other = domain_;
  other.vcpus = 1;
  const std::string drawing = directory_.path("plan.svg");
  const std::string original = file("other.xml", other.xml());
  EXPECT_EQ(virtsev({"explain", xml_, "--against", original, "--svg", drawing}).status, 1);
  EXPECT_THAT(read_text(drawing), HasSubstr("first difference: step 7, ACPI tables"));
}

TEST_F(Explain, SaysWhereADrawingCanNotBeWritten) {
  const Outcome outcome = virtsev({"explain", xml_, "--svg", directory_.path("none/plan.svg")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("none/plan.svg"));
}

TEST_F(ExplainAgainst, SaysThatTheSameIsTheSame) {
  const Outcome outcome = virtsev({"explain", xml_, "--against", xml_});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "the launch digests are the same\n");
}

TEST_F(ExplainAgainst, NamesTheFirstByteOfTheCommandLine) {
  Domain other = domain_;
  other.command_line = "console=ttyS1";
  EXPECT_THAT(against(other).output,
              AllOf(HasSubstr("step 4, command line: byte 0xc is 0x30 here, 0x31 there"),
                    HasSubstr("\"console=ttyS0\" here, \"console=ttyS1\" there")));
}

TEST_F(ExplainAgainst, NamesTheMemoryBehindAMovedInitrd) {
  Domain other = domain_;
  other.memory_mib = 512;
  EXPECT_THAT(against(other).output, AllOf(HasSubstr("boot parameters"), HasSubstr("where the initrd is"),
                                           HasSubstr("memory: 262144 KiB here, 524288 KiB there")));
}

TEST_F(ExplainAgainst, NamesTheFirstByteOfAChangedKernel) {
  Domain other = domain_;
  Bytes kernel = boot::test::synthetic_bzimage();
  kernel[boot::test::kSyntheticCodeOffset + 5000] ^= 0xff;
  other.kernel = file("kernel2", kernel);
  EXPECT_THAT(against(other).output, AllOf(HasSubstr("step 8, kernel: byte 0x1388 is"),
                                           HasSubstr("kernel: the files' content differs")));
}

TEST_F(ExplainAgainst, NamesTheVcpusBehindTheAcpiTables) {
  Domain other = domain_;
  other.vcpus = 3;
  EXPECT_THAT(against(other).output,
              AllOf(HasSubstr("ACPI tables"), HasSubstr("number of vCPUs: 2 here, 3 there")));
}

TEST_F(ExplainAgainst, NamesAnInitrdThatIsMissing) {
  Domain other = domain_;
  other.initrd.clear();
  EXPECT_THAT(against(other).output, HasSubstr("initrd: " + domain_.initrd + " here, none there"));
}

TEST_F(ExplainAgainst, NamesVmsasThatSevDoesNotMeasure) {
  Domain other = domain_;
  other.policy = "0x3";
  EXPECT_THAT(against(other).output,
              AllOf(HasSubstr("step 10, VMSA of vCPU 0, is not there"), HasSubstr("policy")));
}

TEST_F(ExplainAgainst, NamesAPolicyThatTheDigestDoesNotShow) {
  Domain other = domain_;
  other.policy = "0x5";
  EXPECT_THAT(against(other).output, AllOf(HasSubstr("the launch digests are the same"), HasSubstr("policy"),
                                           HasSubstr("in the measurement")));
}

TEST_F(ExplainAgainst, IsNotMisledByTheSameFileInAnotherPlace) {
  Domain other = domain_;
  other.kernel = file("kernel-copy", boot::test::synthetic_bzimage());
  const Outcome outcome = virtsev({"explain", xml_, "--against", file("copy.xml", other.xml())});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST_F(ExplainAgainst, TakesWhatItSavedBefore) {
  const std::string saved = file("saved.json", virtsev({"explain", xml_, "--json"}).output);
  EXPECT_EQ(virtsev({"explain", xml_, "--against", saved}).status, 0);
  const Outcome legacy = virtsev({"explain", xml_, "--vmsa", "legacy", "--against", saved});
  EXPECT_EQ(legacy.status, 1);
  EXPECT_THAT(legacy.output,
              AllOf(HasSubstr("step 10, VMSA of vCPU 0"), HasSubstr("legacy makes it here, as init2 there")));
}

TEST_F(ExplainAgainst, GivesItsAnswerToScripts) {
  Domain other = domain_;
  other.vcpus = 1;
  const auto value = virtsev({"explain", xml_, "--json", "--against", file("other.xml", other.xml())}).json();
  EXPECT_EQ(value["same"], false);
  EXPECT_EQ(value["first_difference"]["region"], "ACPI tables");
  EXPECT_EQ(value["first_difference"]["number"], 7);
}

TEST_F(ExplainAgainst, RefusesASavedPlanThatIsNone) {
  const std::string saved = virtsev({"explain", xml_, "--json"}).output;
  for (const std::string& broken :
       {std::string("{"), std::string("{}"), std::string("{\"launch_digest\": 3}"),
        saved.substr(0, saved.size() / 2),
        std::string(saved).replace(saved.find("\"size\": 4096"), 12, "\"size\": -\"x\"")}) {
    const Outcome outcome = virtsev({"explain", xml_, "--against", file("broken.json", broken)});
    EXPECT_EQ(outcome.status, 2) << broken;
    EXPECT_THAT(outcome.errors, HasSubstr("broken.json is not what"));
  }
}

TEST_F(ExplainAgainst, SurvivesASavedPlanNestedTooDeep) {
  std::string deep = "{\"launch_digest\":";
  deep.append(100'000, '[');
  EXPECT_EQ(virtsev({"explain", xml_, "--against", file("deep.json", deep)}).status, 2);
}

TEST_F(ExplainAgainst, SaysWhatIsWrongWithABrokenSavedPlanInItsOwnWords) {
  const std::string saved = virtsev({"explain", xml_, "--json"}).output;
  const auto reason = [&](const std::string& was, const std::string& is) {
    const Outcome outcome =
        virtsev({"explain", xml_, "--against",
                 file("b.json", std::string(saved).replace(saved.find(was), was.size(), is))});
    EXPECT_EQ(outcome.status, 2) << is;
    EXPECT_EQ(outcome.errors.find("json.exception"), std::string::npos) << outcome.errors;
    return outcome.errors;
  };
  EXPECT_THAT(reason("\"size\": 4096", "\"size\": -4096"), HasSubstr("\"size\" is not a number from 0 to"));
  EXPECT_THAT(reason("\"policy\":", "\"polizy\":"), HasSubstr("\"policy\" is missing"));
  EXPECT_THAT(reason("\"launch_digest\": \"", "\"launch_digest\": \"x"), HasSubstr("hex digits of a digest"));
  EXPECT_THAT(reason("\"regions\": [", "\"regions\": {"), HasSubstr("it is not JSON"));
}

}  // namespace
}  // namespace virtsev::cli::test
