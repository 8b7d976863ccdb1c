// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev measure and explain of domain XML whose guest QEMU starts through OVMF: the same as from options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/base/hex.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"
#include "tests/driver/cli/fakes/program.hpp"

namespace virtsev::cli::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// What the XML says, as virt-install and virsh dumpxml write it; each test changes what it is about.
struct QemuDomain {
  std::string loader = "<loader readonly='yes' type='pflash'>OVMF.fd</loader>";
  std::string kernel =
      "<kernel>vmlinuz</kernel><initrd>initrd</initrd><cmdline>root=/dev/vda quiet</cmdline>";
  std::string hashes = " kernelHashes='yes'";
  std::string vcpu = "<vcpu placement='static'>3</vcpu>";
  std::string cpu = "<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC-Milan</model></cpu>";
  std::string policy = "0x0005";

  [[nodiscard]] std::string xml() const {
    return "<domain type='kvm'><name>g</name><memory unit='GiB'>8</memory>" + vcpu +
           "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>" + loader + kernel + "</os>" + cpu +
           "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><disk "
           "type='file'><unheard-of/></disk></devices>"
           "<launchSecurity type='sev'" +
           hashes + "><cbitpos>51</cbitpos><reducedPhysBits>1</reducedPhysBits><policy>" + policy +
           "</policy></launchSecurity></domain>";
  }
};

class QemuDomainXml : public testing::Test {
 protected:
  QemuDomainXml() {
    for (std::string* place : {&domain_.loader, &domain_.kernel}) {
      for (const char* name : {"OVMF.fd", "vmlinuz", "initrd"}) {
        const std::size_t at = place->find(std::string(">") + name);
        if (at != std::string::npos) {
          place->replace(at + 1, std::string(name).size(), directory_.path(name));
        }
      }
    }
  }
  Outcome measure(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"measure", directory_.write("domain.xml", domain_.xml()), "--vmsa",
                                    "init2"};
    all.insert(all.end(), more.begin(), more.end());
    return virtsev(all);
  }
  [[nodiscard]] std::string from_options(const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"measure", "--vmsa", "init2", "--firmware", firmware_};
    all.insert(all.end(), more.begin(), more.end());
    return virtsev(all).output;
  }
  [[nodiscard]] std::vector<std::string> same_options() const {
    return {"--policy", "5",     "--kernel",    kernel_,
            "--initrd", initrd_, "--cmdline",   "root=/dev/vda quiet",
            "--vcpus",  "3",     "--cpu-model", "EPYC-Milan"};
  }

  TemporaryDirectory directory_;
  std::string firmware_ = directory_.write("OVMF.fd", boot::ovmf::test::synthetic_firmware());
  std::string kernel_ = directory_.write("vmlinuz", std::string(7001, 'k'));
  std::string initrd_ = directory_.write("initrd", std::string(9001, 'i'));
  QemuDomain domain_;
};

TEST_F(QemuDomainXml, IsMeasuredAsTheSameOptionsAre) {
  const Outcome outcome = measure();
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, from_options(same_options()));
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(QemuDomainXml, WithoutAKernelHasItsFirmwareMeasuredAlone) {
  domain_.kernel.clear();
  domain_.policy = "1";
  domain_.cpu = "<cpu mode='host-passthrough'/>";
  EXPECT_EQ(measure().output, from_options({"--policy", "1"}));
}

TEST_F(QemuDomainXml, NamesWhatTheDigestDoesNotSay) {
  const auto words = [&](const std::vector<std::string>& more) {
    std::vector<std::string> list;
    std::vector<std::string> all = more;
    all.push_back("--json");
    const auto value = measure(all).json();
    for (std::size_t i = 0; i < value["unmeasured"].size(); ++i) {
      list.push_back(value["unmeasured"][i].string());
    }
    return list;
  };
  using testing::ElementsAre;
  EXPECT_THAT(words({}), ElementsAre("acpi", "smbios", "memory-map", "addresses"));
  domain_.kernel.clear();
  domain_.policy = "1";
  EXPECT_THAT(words({}), ElementsAre("kernel", "acpi", "smbios", "memory-map", "vcpu-state", "addresses"));
  EXPECT_THAT(measure().errors, HasSubstr("not measured: the kernel"));
  domain_.loader += "<nvram>/var/lib/vars.fd</nvram>";
  EXPECT_THAT(words({}), testing::Contains("variables"));
  const std::string path = directory_.write("domain.xml", domain_.xml());
  EXPECT_THAT(virtsev({"explain", path}).output, HasSubstr("not measured: ACPI tables"));
}

TEST_F(QemuDomainXml, RefusesAFirmwareThatChecksNoHashes) {
  boot::ovmf::test::Table table;
  table.checks_hashes = false;
  const std::string other = directory_.write("generic.fd", boot::ovmf::test::synthetic_firmware(table));
  const Outcome outcome = measure({"--firmware", other});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("generic.fd"), HasSubstr("OVMF.amdsev.fd")));
  const std::string digest = to_hex(sevcore::crypto::sha256(read_bytes(other)));
  EXPECT_EQ(measure({"--firmware", other, "--firmware-digest", digest}).status, 0);
  EXPECT_EQ(measure({"--firmware-digest", digest}).status, 2) << "this one it is not";
}

TEST_F(QemuDomainXml, MeasuresTheVcpusThatAreThereFromTheStart) {
  domain_.vcpu = "<vcpu current='3'>16</vcpu>";
  EXPECT_EQ(measure().output, from_options(same_options()));
}

TEST_F(QemuDomainXml, TakesTheOwnersCopiesAndValuesForWhatIsThere) {
  const std::string firmware = directory_.write("copy.fd", boot::ovmf::test::synthetic_firmware({}, 16384));
  const std::string kernel = directory_.write("copy.kernel", std::string(500, 'K'));
  const std::string initrd = directory_.write("copy.initrd", std::string(600, 'I'));
  const std::vector<std::string> values = {"--kernel", kernel,    "--initrd", initrd,        "--cmdline",
                                           "other",    "--vcpus", "2",        "--cpu-model", "EPYC-Rome"};
  std::vector<std::string> beside_xml = values;
  beside_xml.insert(beside_xml.end(), {"--firmware", firmware});
  std::vector<std::string> alone = values;
  alone.insert(alone.end(), {"--policy", "5"});
  firmware_ = firmware;
  EXPECT_EQ(measure(beside_xml).output, from_options(alone));
}

TEST_F(QemuDomainXml, NeedsTheOwnersFirmwareWhereLibvirtChoosesOne) {
  domain_.loader = "<firmware><feature enabled='no' name='secure-boot'/></firmware>";
  std::string xml = domain_.xml();
  xml.replace(xml.find("<os>"), 4, "<os firmware='efi'>");
  const std::string path = directory_.write("efi.xml", xml);
  const Outcome refused = virtsev({"measure", path});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("<loader>"), HasSubstr("--firmware")));
  EXPECT_EQ(virtsev({"measure", path, "--vmsa", "init2", "--firmware", firmware_}).output,
            from_options(same_options()));
}

TEST_F(QemuDomainXml, RefusesAKernelThatNothingMeasures) {
  for (const char* hashes : {"", " kernelHashes='no'"}) {
    domain_.hashes = hashes;
    const Outcome outcome = measure();
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.errors,
                AllOf(HasSubstr("<os><kernel>"), HasSubstr("unmeasured"), HasSubstr("kernelHashes='yes'")));
  }
}

TEST_F(QemuDomainXml, RefusesSevEsOfAModelThatIsTheHosts) {
  for (const char* cpu :
       {"", "<cpu mode='host-passthrough'/>", "<cpu mode='custom'><model>Z80</model></cpu>"}) {
    domain_.cpu = cpu;
    EXPECT_THAT(measure().errors, HasSubstr("--cpu-model")) << cpu;
    EXPECT_EQ(measure({"--cpu-signature", "0xa00f11"}).output, from_options(same_options())) << cpu;
  }
}

TEST_F(QemuDomainXml, RefusesWhatIsNotLaunchedAsSev) {
  std::string xml = domain_.xml();
  xml.replace(xml.find("type='sev'"), 10, "type='s390-pv'");
  EXPECT_THAT(virtsev({"measure", directory_.write("other.xml", xml)}).errors, HasSubstr("'sev-snp' only"));
  xml = domain_.xml();
  xml.erase(xml.find("<launchSecurity"), xml.find("</domain>") - xml.find("<launchSecurity"));
  EXPECT_THAT(virtsev({"measure", directory_.write("plain.xml", xml)}).errors, HasSubstr("<launchSecurity>"));
}

TEST_F(QemuDomainXml, RefusesAnotherPolicyAndCopiesOfNothing) {
  EXPECT_THAT(measure({"--policy", "1"}).errors, HasSubstr("0x0005"));
  domain_.kernel.clear();
  EXPECT_THAT(measure({"--kernel", kernel_}).errors, HasSubstr("--kernel"));
  EXPECT_EQ(measure({"--kernel", kernel_}).status, 2);
}

TEST_F(QemuDomainXml, RemarksOnVariablesThatTheHostMayChange) {
  domain_.loader += "<nvram>/var/lib/vars.fd</nvram>";
  const Outcome outcome = measure();
  EXPECT_EQ(outcome.output, from_options(same_options()));
  EXPECT_THAT(outcome.errors, HasSubstr("<nvram>"));
}

TEST_F(QemuDomainXml, RemarksOnOptionsThatChangeNothing) {
  const Outcome outcome = measure({"--machine", "q35", "--memory", "4096"});
  EXPECT_EQ(outcome.output, from_options(same_options()));
  EXPECT_THAT(outcome.errors,
              AllOf(HasSubstr("--machine changes nothing"), HasSubstr("--memory changes nothing")));
  std::vector<std::string> options = same_options();
  options.insert(options.end(), {"--machine", "pc-q35-7.2"});
  EXPECT_EQ(from_options(options), outcome.output);
}

TEST_F(QemuDomainXml, SaysWhichVmsaItTookWhereNothingSaysWhich) {
  const std::string path = directory_.write("domain.xml", domain_.xml());
  const Outcome assumed = virtsev({"measure", path, "--json"});
  EXPECT_EQ(assumed.json()["vmsa"], "init2");
  EXPECT_EQ(assumed.json()["vmsa_assumed"], true);
  EXPECT_THAT(assumed.errors, HasSubstr("--vmsa legacy"));
  EXPECT_EQ(virtsev({"measure", path, "--json", "--vmsa", "legacy"}).json()["vmsa_assumed"], false);
}

TEST_F(QemuDomainXml, IsExplainedAndComparedWithOptions) {
  const std::string path = directory_.write("domain.xml", domain_.xml());
  const auto value = virtsev({"explain", path, "--json", "--vmsa", "init2"}).json();
  EXPECT_EQ(value["regions"][0]["name"], "firmware");
  EXPECT_EQ(value["regions"][0]["origin"], firmware_);
  domain_.kernel.replace(domain_.kernel.find("quiet"), 5, "debug");
  const Outcome outcome =
      virtsev({"explain", path, "--against", directory_.write("other.xml", domain_.xml())});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("the command line's hash"));
}

TEST_F(QemuDomainXml, IsNotMistakenForOneOfVirtsevs) {
  domain_.loader.clear();
  const Outcome outcome = measure({"--firmware", firmware_});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors,
              AllOf(HasSubstr("--firmware"), HasSubstr("directly"), Not(HasSubstr("<disk>"))));
}

}  // namespace
}  // namespace virtsev::cli::test
