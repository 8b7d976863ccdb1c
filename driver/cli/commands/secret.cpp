// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev secret: packs secrets for one measured launch.
#include "sevcore/owner/secret.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/files.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/numbers.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/owner/keys.hpp"
#include "driver/cli/owner/launch_record.hpp"
#include "driver/cli/owner/secret_entry.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/owner/secret_table.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  std::string tik;
  std::string tek;
  std::string measurement;
  std::vector<std::string> entries;
  std::string iv;
  std::string out;
  bool unmeasured_boot = false;
  bool json = false;
};

/// What `verify` and `attest` told of this launch. Throws Error where its kernel is not the owner's.
void check_launch(const Options& options, const sevcore::Measurement& measurement) {
  const auto directory = record_directory(options.tik);
  const auto known = directory ? find_launch(*directory, measurement.mnonce) : std::nullopt;
  if (!known) {
    note(text("this measurement is not known to have been verified: do that first, with `virtsev verify`"));
    return;
  }
  if (known->kernel == KernelCover::kNotCovered && !options.unmeasured_boot) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("the kernel of this launch is not measured, as `virtsev verify` saw: the host can choose "
             "who is handed the secret; --unmeasured-boot takes the risk"));
  }
  note(describe(*known));
}

/// Packing works without a record, too.
void record(const Options& options, const sevcore::Measurement& measurement) {
  try {
    if (const auto directory = record_directory(options.tik)) {
      record_launch(*directory, measurement.mnonce, LaunchStep::kPacked, KernelCover::kUnknown);
    }
  } catch (const Error& error) {
    note(error.what());
  }
}

std::optional<ByteArray<16>> read_iv(const std::string& hex) {
  if (hex.empty()) {
    return std::nullopt;
  }
  const auto bytes = from_hex(hex);
  ByteArray<16> iv{};
  if (!bytes || bytes->size() != iv.size()) {
    throw Error(ErrorCode::kInvalidArgument, text("--iv {}: write 32 hex digits, or leave it out", hex));
  }
  note(text("--iv: two secrets under one TEK and one IV give each other away; it is for tests"));
  std::copy(bytes->begin(), bytes->end(), iv.begin());
  return iv;
}

ExitStatus run(const Options& options) {
  const sevcore::Measurement measurement = read_measurement(options.measurement);
  const sevcore::TransportKeys keys(read_tek(options.tek), read_tik(options.tik));
  check_keys(keys.tik, keys.tek);
  check_launch(options, measurement);
  std::vector<sevcore::SecretEntry> entries = read_secret_entries("--entry", options.entries);
  check_not_a_key(entries, keys.tik, keys.tek);
  Bytes table = sevcore::build_secret_table(entries);
  const sevcore::SecretPacket packet = sevcore::pack_secret(keys, measurement, table, read_iv(options.iv));
  sevcore::crypto::wipe(table);
  wipe(entries);
  make_directory(options.out);
  write_file(options.out + "/secret_header.b64", to_base64(packet.header) + "\n", Readers::kEverybody);
  write_file(options.out + "/secret.b64", to_base64(packet.data) + "\n", Readers::kEverybody);
  record(options, measurement);
  if (options.json) {
    print(Json{{"out", options.out}, {"entries", entries.size()}, {"bytes", packet.data.size()}});
  } else {
    print(
        text("Packed {} secret(s), {} bytes, for this one launch, in {}: virsh domsetlaunchsecstate DOMAIN "
             "--secrethdr {}/secret_header.b64 --secret {}/secret.b64",
             entries.size(), packet.data.size(), options.out, options.out, options.out));
  }
  return ExitStatus::kDone;
}

}  // namespace

void add_secret(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "secret", {text("Pack secrets for a guest whose measurement you have verified"),
                 {"virtsev secret --tik owner/tik.bin --tek owner/tek.bin --measurement BASE64 "
                  "--entry luks-key=disk.key --out owner"}});
  auto options = std::make_shared<Options>();
  command.add_option("--tik", options->tik, text("the session's tik.bin, or sev-tool's tmp_tk.bin"))
      .type_name("FILE")
      .required();
  command.add_option("--tek", options->tek, text("the session's tek.bin, or sev-tool's tmp_tk.bin"))
      .type_name("FILE")
      .required();
  command.add_option("--measurement", options->measurement, text("the launch measurement; verify it first"))
      .type_name("BASE64")
      .required();
  command
      .add_option("--entry", options->entries,
                  text("a secret: its GUID (or luks-key), and the file that holds it; can be given again"))
      .type_name("GUID=FILE")
      .expected(1)
      .take_all()
      .required();
  command.add_option("--iv", options->iv, text("the initialisation vector, for tests")).type_name("HEX");
  command.add_option("--out", options->out, text("where secret_header.b64 and secret.b64 go"))
      .type_name("DIR")
      .required();
  command.add_flag("--unmeasured-boot", options->unmeasured_boot,
                   text("also for a guest whose kernel is not measured, as `virtsev verify` saw"));
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
