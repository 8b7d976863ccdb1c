// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev session: makes what an owner gives a platform, dhCert and session, and the keys that the owner
// keeps.
#include "sevcore/abi/session.hpp"

#include <memory>
#include <optional>

#include <sys/stat.h>

#include "domain-xml/limits.hpp"
#include "domain-xml/put_session.hpp"
#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/files.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/numbers.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/owner/launch_record.hpp"
#include "driver/cli/owner/session_record.hpp"
#include "driver/cli/platform/certificate_files.hpp"
#include "driver/cli/platform/chip_id.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string platform;
  std::string cek;
  std::string chip_id;
  std::string policy;
  std::string out;
  std::string into;
  bool force = false;
  bool unverified = false;
  bool json = false;
};

/// How far the platform can be trusted: "amd", "simulated" or "unverified", the word of session.json.
struct Trust {
  std::string word;
  std::string product;  ///< "amd": which processor
};

CertificateSet read_platform(const Options& options) {
  CertificateSet set = read_certificates({options.platform});
  if (!options.cek.empty()) {
    set.replace_cek(read_certificates({options.cek}), options.cek);
  }
  if (!options.chip_id.empty()) {
    set.chip_id = read_chip_id(options.chip_id, "--chip-id");
  }
  if (!set.pdh) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: holds no PDH certificate; `virtsev platform export` writes what is meant",
                     options.platform));
  }
  if (!options.unverified && !set.complete()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: a PDH alone shows nothing of the platform that has its key; give PDH, PEK, OCA and "
                     "CEK in one file, "
                     "as `virtsev platform export` writes them, or take the risk with --unverified",
                     options.platform));
  }
  return set;
}

/// None where the chain does not hold; the user is told why.
std::optional<Trust> find_trust(const CertificateSet& set, const Options& options) {
  if (options.unverified) {
    note(text("the platform is NOT verified: whoever gave you {} can read the guest's memory and secrets",
              options.platform));
    return Trust{"unverified", {}};
  }
  const ChainVerdict verdict = judge(set);
  if (verdict.kind == ChainVerdict::Kind::kAmd) {
    return Trust{verdict.word(), verdict.product};
  }
  if (verdict.kind == ChainVerdict::Kind::kSimulated) {
    note(verdict.explanation);
    return Trust{verdict.word(), {}};
  }
  if (options.json) {
    Json value = {{"verdict", verdict.word()}, {"explanation", verdict.explanation}};
    if (!verdict.cek_address.empty()) {
      value.set("cek_address", verdict.cek_address);
    }
    print(value);
  }
  note(text("{}: no session is made: {}", options.platform, verdict.explanation));
  return std::nullopt;
}

/// A session's keys exist once: a guest that was started with them can't be verified without them.
void keep_old_keys(const Options& options) {
  struct stat status = {};
  for (const char* name : {"tik.bin", "tek.bin"}) {
    const std::string path = options.out + "/" + name;
    if (!options.force && ::lstat(path.c_str(), &status) == 0) {
      throw Error(
          ErrorCode::kInvalidArgument,
          text("{}: is there, the key of a session made before; name another --out, or give --force to "
               "make that session's guests unverifiable",
               path));
    }
  }
}

/// What the session's files hold, in base64.
struct ForPlatform {
  std::string certificate;
  std::string session;
};

ForPlatform for_platform(const sevcore::OwnerSession& session) {
  return {to_base64(sevcore::serialise(session.godh)), to_base64(session.blob)};
}

/// --into's document with the session in it; empty: not asked for.
std::string changed_document(const Options& options, sevcore::Policy policy,
                             const sevcore::OwnerSession& session) {
  if (options.into.empty()) {
    return {};
  }
  const Bytes xml = read_file(options.into, domain_xml::kMaxDocumentBytes);
  const ForPlatform made = for_platform(session);
  try {
    return domain_xml::put_session({xml.begin(), xml.end()}, policy, made.certificate, made.session);
  } catch (const Error& error) {
    throw Error(error.code(), text("{}: {}", options.into, error.what()));
  }
}

void write(const Options& options, const sevcore::OwnerSession& session, const SessionRecord& record,
           const std::string& document) {
  const auto certificate = sevcore::serialise(session.godh);
  const ForPlatform made = for_platform(session);
  const std::string directory = options.out + "/";
  make_directory(options.out);
  // What stays the owner's first: a run that fails half way leaves no session whose keys are lost.
  write_file(directory + "tek.bin", ByteView(session.keys.tek), Readers::kOwner);
  write_file(directory + "tik.bin", ByteView(session.keys.tik), Readers::kOwner);
  forget_launches(options.out);
  write_file(directory + "godh.cert", ByteView(certificate), Readers::kEverybody);
  write_file(directory + "launch_blob.bin", ByteView(session.blob), Readers::kEverybody);
  write_file(directory + "dh_cert.b64", made.certificate + "\n", Readers::kEverybody);
  write_file(directory + "session.b64", made.session + "\n", Readers::kEverybody);
  write_file(directory + "session.json", to_json(record).dump() + "\n", Readers::kEverybody);
  if (!options.into.empty()) {
    write_file(options.into, document, Readers::kEverybody);
  }
}

ExitStatus run(const Options& options) {
  const sevcore::Policy policy = read_policy(options.policy);
  keep_old_keys(options);
  const CertificateSet platform = read_platform(options);
  const auto trust = find_trust(platform, options);
  if (!trust) {
    return ExitStatus::kNo;
  }
  if (!policy.has(sevcore::PolicyBit::kNoDebug)) {
    note(
        text("policy {} lets the host read and change the guest's memory: no secret is safe in such a guest; "
             "bit 0 (NODBG) forbids it",
             sevcore::describe(policy)));
  }
  const SessionRecord record{policy, trust->word, trust->product, key_digest(*platform.pdh)};
  const sevcore::OwnerSession session = sevcore::make_session(*platform.pdh, policy);
  write(options, session, record, changed_document(options, policy, session));
  if (options.json) {
    Json value = to_json(record);
    value.set("out", options.out);
    print(value);
  } else if (!options.into.empty()) {
    print(text(
        "Session for policy {} in {}, and in <launchSecurity> of {}; keep tek.bin and tik.bin to yourself.",
        sevcore::describe(policy), options.out, options.into));
  } else {
    print(
        text("Session for policy {} in {}: dh_cert.b64 goes into <dhCert>, session.b64 into <session>; keep "
             "tek.bin "
             "and tik.bin to yourself.",
             sevcore::describe(policy), options.out));
  }
  return ExitStatus::kDone;
}

}  // namespace

void add_session(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "session", {text("Make a guest's launch session (dhCert, session) for a platform, and its keys"),
                  {"virtsev session --platform platform.cert --cek cek.cert --policy 0x7 --out owner"}});
  auto options = std::make_shared<Options>();
  command
      .add_option("--platform", options->platform,
                  text("PDH, PEK, OCA and CEK in one file, or a PDH alone; binary or base64"))
      .type_name("FILE")
      .required();
  command.add_option("--policy", options->policy, text("the guest policy, 0x-prefixed or decimal"))
      .type_name("P")
      .required();
  command.add_option("--out", options->out, text("where the session's files go")).type_name("DIR").required();
  command
      .add_option("--into", options->into,
                  text("domain XML whose <launchSecurity> gets the session: <dhCert> and <session>"))
      .type_name("XML");
  command.add_flag("--force", options->force, text("replace the keys of a session that is there"));
  command.add_option("--cek", options->cek, text("the platform's CEK as AMD signed it")).type_name("FILE");
  command
      .add_option("--chip-id", options->chip_id,
                  text("the processor's id, for the key server's address of its signed CEK; found in FILE.id "
                       "where `platform export` wrote it"))
      .type_name("HEX");
  command.add_flag("--unverified", options->unverified, text("do not verify the platform's certificates"));
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
