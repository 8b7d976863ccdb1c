// SPDX-License-Identifier: LGPL-2.1-or-later
// <launchSecurity>, and what SEV-ES forbids.
#include "sample.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/certificates/make_certificates.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

constexpr std::string_view kSecurity =
    "  <launchSecurity type='sev'>\n    <policy>0x0007</policy>\n  </launchSecurity>\n";

std::string owner(const std::string& dh_cert, const std::string& session_data) {
  return with_security("\n<dhCert>" + dh_cert + "</dhCert>\n<session>" + session_data + "</session>");
}

TEST(Protection, IsNeverLeftOutByAccident) {
  EXPECT_TRUE(refuses(
      with(kSecurity, ""), kConfigUnsupported,
      "<domain> (line 1): it has no <launchSecurity>, so the host could read the guest; add <launchSecurity "
      "type='sev'><policy>0x0007</policy></launchSecurity>, or set allow_unprotected = 1 in virtsevd.conf"));
  ParseOptions options;
  options.allow_unprotected = true;
  const DomainDefinition definition = parse(with(kSecurity, ""), options);
  EXPECT_FALSE(definition.launch_security);
  EXPECT_TRUE(host_may_debug(definition));
}

constexpr std::string_view kNoProtection =
    "  <virtsev:protection xmlns:virtsev='http://libvirt.org/schemas/domain/virtsev/1.0' type='none'/>\n";

TEST(Protection, IsTheSitesWhereADocumentSaysNothingOfIt) {
  ParseOptions options;
  options.allow_unprotected = true;
  options.default_policy = sevcore::Policy(3);
  const DomainDefinition definition = parse(with(kSecurity, ""), options);
  EXPECT_EQ(definition.launch_security->policy, sevcore::Policy(3));
  EXPECT_TRUE(holds(definition.document, "<launchSecurity type='sev'>\n    <policy>0x0003</policy>"));
  EXPECT_EQ(parse(definition.document), definition);
  EXPECT_EQ(parse(sample(), options).launch_security->policy, sevcore::Policy(7)) << "it says so itself";
  EXPECT_THROW(parse(with("launchSecurity type='sev'>", "launchSecurity>"), options), Error);
}

TEST(Protection, CanBeNoneWhereThatIsSaidAndAllowed) {
  ParseOptions options;
  EXPECT_TRUE(refuses(with(kSecurity, kNoProtection), kConfigUnsupported,
                      "<virtsev:protection> (line 16): guests without protection, which the host could "
                      "read, are not taken here; remove the element and write <launchSecurity>, or set "
                      "allow_unprotected = 1 in virtsevd.conf"));
  options.allow_unprotected = true;
  options.default_policy = sevcore::Policy(7);
  const DomainDefinition definition = parse(with(kSecurity, kNoProtection), options);
  EXPECT_FALSE(definition.launch_security);
  EXPECT_TRUE(definition.unprotected_chosen);
  EXPECT_EQ(definition.not_used, std::vector<std::string>{});
  EXPECT_EQ(parse(definition.document, options), definition);
  EXPECT_THROW(parse(with(kSecurity, std::string(kNoProtection) + std::string(kSecurity)), options), Error);
  EXPECT_THROW(parse(with(kSecurity, changed(std::string(kNoProtection), "'none'", "'sev'")), options),
               Error);
}

TEST(Protection, IsLookedForInAnySpelling) {
  EXPECT_TRUE(says_protection(sample()));
  EXPECT_TRUE(says_protection(with(kSecurity, kNoProtection)));
  EXPECT_TRUE(says_protection(with(kSecurity, "<LaunchSecurity/>")));
  EXPECT_FALSE(says_protection(with(kSecurity, "")));
  EXPECT_FALSE(says_protection("no xml"));
}

TEST(Policy, IsReadInBase16WithAndWithoutPrefix) {
  const auto policy = [](const char* digits) {
    return parse(with("0x0007", digits)).launch_security->policy.value();
  };
  EXPECT_EQ(policy("3"), 3U);
  EXPECT_EQ(policy("0x3"), 3U);
  EXPECT_EQ(policy("10"), 0x10U);
  EXPECT_EQ(policy(" 0x0005\n"), 5U);
  EXPECT_EQ(policy("0x1337000F"), 0x1337000fU);
}

TEST(Policy, IsWrittenWithFourDigits) {
  EXPECT_TRUE(holds(parse(with("0x0007", "7")).document, "    <policy>0x0007</policy>\n"));
  EXPECT_TRUE(holds(parse(with("0x0007", "0x10000001")).document, "    <policy>0x10000001</policy>\n"));
}

TEST(Policy, IsNeverDefaulted) {
  EXPECT_TRUE(refuses(with("<policy>0x0007</policy>", ""), kXmlError,
                      "<launchSecurity> (line 16): its <policy> is missing, and is never guessed; write "
                      "<policy>0x0007</policy> for SEV-ES or <policy>0x0003</policy> for SEV"));
}

TEST(Policy, RefusesWhatIsNoNumberOf32Bits) {
  for (const std::string digits : {"", "0x", "seven", "-1", "0x100000000", "0x7 0x8"}) {
    EXPECT_TRUE(refuses(with("0x0007", digits), kXmlError,
                        "<launchSecurity><policy> (line 17): '" + digits +
                            "' is not a policy, which is up to 8 hexadecimal digits; write "
                            "<policy>0x0007</policy> for SEV-ES or <policy>0x0003</policy> for SEV"));
  }
}

TEST(Policy, RefusesReservedBits) {
  EXPECT_TRUE(refuses(
      with("0x0007", "0x0041"), kConfigUnsupported,
      "<launchSecurity><policy> (line 17): policy 0x0041 sets bits that are reserved (0x40): only bits 0 to "
      "5 and the API version in bits 16 to 31 have a meaning; write 0x0001"));
}

TEST(Policy, WithoutNoDebugLetsTheHostRead) {
  EXPECT_TRUE(host_may_debug(parse(with("0x0007", "0x0006"))));
  EXPECT_FALSE(host_may_debug(parse(sample())));
}

TEST(LaunchSecurityElement, ReadsTheHostsNumbers) {
  const DomainDefinition definition =
      parse(with_security("<reducedPhysBits>5</reducedPhysBits><cbitpos> 51 </cbitpos>"));
  EXPECT_EQ(definition.launch_security->c_bit_position, 51U);
  EXPECT_EQ(definition.launch_security->reduced_phys_bits, 5U);
  EXPECT_TRUE(holds(
      definition.document,
      "    <cbitpos>51</cbitpos>\n    <reducedPhysBits>5</reducedPhysBits>\n    <policy>0x0007</policy>\n"));
}

TEST(LaunchSecurityElement, RefusesHostsNumbersThatCannotBe) {
  EXPECT_TRUE(refuses(
      with_security("<cbitpos>0x33</cbitpos>"), kXmlError,
      "<launchSecurity><cbitpos> (line 17): '0x33' has to be a decimal number up to 63; remove the element, "
      "and the host's own is used"));
  EXPECT_TRUE(refuses(
      with_security("<reducedPhysBits>64</reducedPhysBits>"), kXmlError,
      "<launchSecurity><reducedPhysBits> (line 17): '64' has to be a decimal number up to 63; remove the "
      "element, and the host's own is used"));
}

TEST(LaunchSecurityElement, ReadsKernelHashes) {
  EXPECT_EQ(parse(sample()).launch_security->kernel_hashes, std::nullopt);
  EXPECT_EQ(parse(with("type='sev'", "type='sev' kernelHashes='yes'")).launch_security->kernel_hashes, true);
  EXPECT_TRUE(refuses(with("type='sev'", "type='sev' kernelHashes='maybe'"), kXmlError,
                      "<launchSecurity> (line 16): kernelHashes='maybe' has to be 'yes' or 'no'"));
}

TEST(LaunchSecurityElement, RefusesOtherTypes) {
  EXPECT_TRUE(refuses(
      with("type='sev'", "type='sev-snp'"), kConfigUnsupported,
      "<launchSecurity> (line 16): type='sev-snp' is not there; write type='sev', with policy bit 2 for "
      "SEV-ES"));
  EXPECT_TRUE(refuses(with(" type='sev'", ""), kXmlError,
                      "<launchSecurity> (line 16): its type is missing; write <launchSecurity type='sev'>"));
}

TEST(LaunchSecurityElement, RefusesUnknownElements) {
  EXPECT_TRUE(
      refuses(with_security("<idBlock/>"), kConfigUnsupported,
              "<launchSecurity><idBlock> (line 17): virtsev does not know this element here; remove it"));
}

TEST(Session, IsReadWithoutWhiteSpace) {
  std::string wrapped = certificate();
  wrapped.insert(64, "\n  ");
  const DomainDefinition definition = parse(owner("\n" + wrapped + "\n", " " + session()));
  EXPECT_EQ(definition.launch_security->dh_certificate, certificate());
  EXPECT_EQ(definition.launch_security->session, session());
  EXPECT_TRUE(
      holds(definition.document, "    <dhCert>" + certificate() + "</dhCert>\n    <session>" + session()));
}

TEST(Session, AndCertificateComeTogether) {
  EXPECT_TRUE(refuses(
      with_security("<dhCert>" + certificate() + "</dhCert>"), kConfigUnsupported,
      "<launchSecurity> (line 16): <dhCert> is given without <session>; 'virtsev session' makes both, write "
      "both or none"));
  EXPECT_TRUE(refuses(
      with_security("<session>" + session() + "</session>"), kConfigUnsupported,
      "<launchSecurity> (line 16): <session> is given without <dhCert>; 'virtsev session' makes both, write "
      "both or none"));
}

TEST(Session, EmptyElementsAreNone) {
  const DomainDefinition definition = parse(owner("", "\n "));
  EXPECT_TRUE(definition.launch_security->dh_certificate.empty());
  EXPECT_EQ(definition.document.find("dhCert"), std::string::npos);
}

const std::string kAsMade = "write what 'virtsev session' or sevctl made, unchanged";

TEST(Session, RefusesWhatIsNoBase64) {
  EXPECT_TRUE(refuses(owner("AAA", session()), kXmlError,
                      "<launchSecurity><dhCert> (line 18): it is not base64; " + kAsMade));
  EXPECT_TRUE(refuses(owner(certificate(), "!!!!" + session()), kXmlError,
                      "<launchSecurity><session> (line 19): it is not base64; " + kAsMade));
}

TEST(Session, RefusesWrongLengths) {
  EXPECT_TRUE(
      refuses(owner(to_base64(Bytes(2083)), session()), kXmlError,
              "<launchSecurity><dhCert> (line 18): it decodes to 2083 bytes instead of 2084; " + kAsMade));
  EXPECT_TRUE(
      refuses(owner(certificate(), to_base64(Bytes(129))), kXmlError,
              "<launchSecurity><session> (line 19): it decodes to 129 bytes instead of 128; " + kAsMade));
}

TEST(Session, RefusesACertificateThatIsMalformed) {
  Bytes bytes = *from_base64(certificate());
  bytes[0] = 2;
  EXPECT_TRUE(refuses(
      owner(to_base64(bytes), session()), kXmlError,
      "<launchSecurity><dhCert> (line 18): the guest owner's certificate is not of version 1; " + kAsMade));
}

TEST(Session, RefusesACertificateOfAnotherKind) {
  const auto cek = sevcore::make_oca(sevcore::crypto::EcKey::generate());
  EXPECT_TRUE(refuses(owner(to_base64(sevcore::serialise(cek)), session()), kXmlError,
                      "<launchSecurity><dhCert> (line 18): this is a certificate of kind OCA, not a guest "
                      "owner's Diffie-Hellman "
                      "certificate; " +
                          kAsMade));
}

TEST(SevEs, RefusesSystemManagementMode) {
  const std::string text =
      "<features><smm> (line 12): an SEV-ES guest (policy bit 2) can't have system management mode, which "
      "saves and loads "
      "registers that the host can't see; write <smm state='off'/>, or remove the element";
  EXPECT_TRUE(refuses(with_feature("<smm state='on'/>"), kConfigUnsupported, text));
  EXPECT_TRUE(refuses(with_feature("<smm/>"), kConfigUnsupported, text));
}

TEST(SevEs, RefusesInterruptControllersInUserSpace) {
  EXPECT_TRUE(
      refuses(with_feature("<ioapic driver='qemu'/>"), kConfigUnsupported,
              "<features><ioapic> (line 12): an SEV-ES guest (policy bit 2) needs the kernel's interrupt "
              "controllers: one in user space has to read registers that the host can't see; write <ioapic "
              "driver='kvm'/>, or remove the element"));
}

TEST(SevEs, RefusesRestartsInPlace) {
  for (const std::string name : {"on_poweroff", "on_crash"}) {
    EXPECT_TRUE(
        refuses(with("<vcpu>", "<" + name + ">restart</" + name + "><vcpu>"), kConfigUnsupported,
                "<" + name +
                    "> (line 5): an SEV-ES guest (policy bit 2) can't be restarted in place: its registers "
                    "were encrypted and measured at launch, and can't be set again; write <" +
                    name + ">destroy</" + name + ">, and start it again"));
  }
  EXPECT_TRUE(refuses(
      with("<vcpu>", "<on_reboot>restart</on_reboot><vcpu>"), kConfigUnsupported,
      "<on_reboot> (line 5): an SEV-ES guest (policy bit 2) can't be restarted in place: its registers were "
      "encrypted and measured at launch, and can't be set again; write <on_reboot>destroy</on_reboot>, or "
      "ask for a new launch, measured again: <virtsev:reboot "
      "xmlns:virtsev='http://libvirt.org/schemas/domain/virtsev/1.0' action='relaunch'/>, or sev_es_reboot = "
      "\"relaunch\" in virtsevd.conf for all guests"));
}

std::string with_reboot(const std::string& action, const std::string& more = "") {
  return with("<vcpu>",
              "<virtsev:reboot xmlns:virtsev='http://libvirt.org/schemas/domain/virtsev/1.0' action='" +
                  action + "'/>" + more + "<vcpu>");
}

TEST(SevEs, RebootsByANewLaunchWhereThatIsAskedFor) {
  for (const std::string more : {"", "<on_reboot>restart</on_reboot>"}) {
    const DomainDefinition definition = parse(with_reboot("relaunch", more));
    EXPECT_EQ(definition.on_reboot, LifecycleAction::kRestart);
    EXPECT_EQ(definition.not_used, std::vector<std::string>{});
    EXPECT_EQ(definition, parse(definition.document));
  }
  EXPECT_EQ(parse(with_reboot("destroy")).on_reboot, LifecycleAction::kDestroy);
  ParseOptions site;
  site.sev_es_relaunch = true;
  EXPECT_EQ(parse(with("<vcpu>", "<on_reboot>restart</on_reboot><vcpu>"), site).on_reboot,
            LifecycleAction::kRestart);
}

TEST(SevEs, RefusesARebootThatContradictsItselfOrIsMisspelt) {
  EXPECT_THROW(parse(with_reboot("relaunch", "<on_reboot>destroy</on_reboot>")), Error);
  EXPECT_THROW(parse(with_reboot("destroy", "<on_reboot>restart</on_reboot>")), Error);
  EXPECT_THROW(parse(with_reboot("again")), Error);
  EXPECT_THROW(parse(changed(with_reboot("relaunch"), "virtsev:reboot", "virtsev:reboots")), Error);
}

TEST(SevEs, WhatIsVirtsevsOwnIsNoQuestionToLibvirtsSchema) {
  ParseOptions options;
  options.validate_schema = true;
  EXPECT_NO_THROW(parse(with_reboot("relaunch"), options));
  EXPECT_THROW(parse(with("<vcpu>", "<other:reboot xmlns:other='urn:other'/><vcpu>"), options), Error);
}

TEST(Lifecycle, DefaultsToWhatTheGuestCanDo) {
  const DomainDefinition es = parse(sample());
  EXPECT_EQ(es.on_poweroff, LifecycleAction::kDestroy);
  EXPECT_EQ(es.on_reboot, LifecycleAction::kDestroy);
  EXPECT_FALSE(es.reboot_chosen);
  EXPECT_EQ(es.on_crash, LifecycleAction::kDestroy);
  EXPECT_EQ(parse(with("0x0007", "0x0003")).on_reboot, LifecycleAction::kRestart);
}

TEST(Lifecycle, WhatNobodyWroteIsNotWrittenBackSoThatOtherProtectionCanFollow) {
  ParseOptions unprotected;
  unprotected.allow_unprotected = true;
  const std::string security = "<launchSecurity type='sev'><policy>0x0007</policy></launchSecurity>";
  std::string without = sample();
  const std::size_t start = without.find("<launchSecurity");
  const std::string end = "</launchSecurity>";
  without.replace(start, without.find(end) + end.size() - start, "");
  const DomainDefinition stored = parse(without, unprotected);
  EXPECT_EQ(stored.on_reboot, LifecycleAction::kRestart);
  EXPECT_FALSE(holds(stored.document, "<on_"));
  const DomainDefinition edited = parse(changed(stored.document, "</domain>", security + "</domain>"));
  EXPECT_EQ(edited.on_reboot, LifecycleAction::kDestroy);
}

TEST(Lifecycle, AcceptsRestartWithoutEs) {
  EXPECT_EQ(parse(plain_sev("<vcpu>", "<on_crash>restart</on_crash><vcpu>")).on_crash,
            LifecycleAction::kRestart);
}

TEST(Lifecycle, RefusesWhatIsNotOffered) {
  for (const std::string action : {"coredump-destroy", "coredump-restart", "rename-restart", "", "explode"}) {
    EXPECT_TRUE(
        refuses(with("<vcpu>", "<on_crash>" + action + "</on_crash><vcpu>"), kConfigUnsupported,
                "<on_crash> (line 5): '" + action + "' is not offered; write 'destroy' or 'preserve'"));
    EXPECT_TRUE(refuses(
        plain_sev("<vcpu>", "<on_crash>" + action + "</on_crash><vcpu>"), kConfigUnsupported,
        "<on_crash> (line 5): '" + action + "' is not offered; write 'destroy', 'restart' or 'preserve'"));
  }
}

}  // namespace
}  // namespace virtsev::domain_xml::test
