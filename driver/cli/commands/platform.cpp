// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev platform: a platform's certificates, fetched, shown, verified.
#include <memory>
#include <string>
#include <vector>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/platform/certificate_files.hpp"
#include "driver/cli/platform/chip_id.hpp"
#include "driver/cli/platform/export.hpp"
#include "driver/cli/platform/show.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct FileOptions {
  std::vector<std::string> files;
  std::string cek;
  std::string chip_id;
  bool json = false;
};

CertificateSet read(const FileOptions& options) {
  CertificateSet set = read_certificates(options.files);
  if (!options.cek.empty()) {
    set.replace_cek(read_certificates({options.cek}), options.cek);
  }
  if (!options.chip_id.empty()) {
    set.chip_id = read_chip_id(options.chip_id, "--chip-id");
  }
  return set;
}

ExitStatus run_show(const FileOptions& options) {
  const CertificateSet set = read(options);
  if (options.json) {
    print(to_json(set));
  } else {
    show(set);
  }
  return ExitStatus::kDone;
}

ExitStatus run_verify(const FileOptions& options) {
  const ChainVerdict verdict = judge(read(options));
  if (options.json) {
    Json value = {{"verdict", verdict.word()}, {"explanation", verdict.explanation}};
    if (!verdict.product.empty()) {
      value.set("product", verdict.product);
    }
    if (!verdict.cek_address.empty()) {
      value.set("cek_address", verdict.cek_address);
    }
    print(value);
  } else {
    print(text("{}.", verdict.explanation));
  }
  return verdict.status();
}

void add_files(Command& command, FileOptions& options) {
  command
      .add_option(
          "FILE", options.files,
          text("certificates, one or many in a file, binary or base64, of virtsev, sevctl or sev-tool"))
      .type_name("")
      .required();
  command
      .add_option("--cek", options.cek,
                  text("the CEK as AMD signed it, from AMD's key server; ASK and ARK may follow in the file"))
      .type_name("FILE");
  command
      .add_option("--chip-id", options.chip_id,
                  text("the processor's id, for the key server's address of its signed CEK; found in FILE.id "
                       "where `platform export` wrote it"))
      .type_name("HEX");
  command.add_flag("--json", options.json, text("results as JSON"));
}

void add_export(Command& group, ExitStatus& status) {
  auto options = std::make_shared<ExportOptions>();
  Command command = group.add_subcommand(
      "export", {text("Fetch PDH, PEK, OCA and CEK from a host, into one file, and the chip's id beside it"),
                 {"virtsev platform export --uri sev+ssh://host/system --out platform.cert",
                  "virtsev platform export --device --separate certificates"}});
  options->uri = "sev:///system";
  Option uri = command.add_option("--uri", options->uri, text("the host's libvirt URI (sev:///system)"))
                   .type_name("URI");
  command
      .add_option_function(
          "--device",
          [options](const std::string& path) { options->device = path.empty() ? "/dev/sev" : path; },
          text("instead of a URI, this machine's own SEV device (/dev/sev)"))
      .type_name("[PATH]")
      .expected(0, 1)
      .excludes(uri);
  command.add_option("--out", options->out, text("one file for all; the chip's id goes into FILE.id"))
      .type_name("FILE");
  command
      .add_option("--separate", options->separate,
                  text("a file for each: pdh.cert, pek.cert, oca.cert and cek.cert, with --full ask.cert and "
                       "ark.cert, as sev-tool names them"))
      .type_name("DIR");
  command.add_option("--cek", options->cek, text("the CEK as AMD signed it, in place of the exported one"))
      .type_name("FILE");
  command.add_flag("--full", options->full, text("ASK and ARK behind them, as sevctl's --full"));
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run_export(*options); });
}

}  // namespace

void add_platform(Command& program, ExitStatus& status) {
  Command group =
      program.add_subcommand("platform", {text("A platform's certificates: export, show, verify"),
                                          {"virtsev platform export --uri sev:///system --out platform.cert",
                                           "virtsev platform verify platform.cert"}});
  group.require_subcommand();
  add_export(group, status);

  auto options = std::make_shared<FileOptions>();
  Command shown =
      group.add_subcommand("show", {text("Show certificates: what they are, their keys, who signed them"),
                                    {"virtsev platform show platform.cert"}});
  add_files(shown, *options);
  shown.callback([options, &status] { status = run_show(*options); });

  Command verified = group.add_subcommand(
      "verify", {text("Verify the chain (0 up to AMD's root, 3 up to a simulated one, 1 it does not hold)"),
                 {"virtsev platform verify platform.cert --cek cek.cert"}});
  add_files(verified, *options);
  verified.callback([options, &status] { status = run_verify(*options); });
}

}  // namespace virtsev::cli
