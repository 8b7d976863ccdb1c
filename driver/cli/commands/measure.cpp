// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev measure: predicts the launch digest of a guest.
#include <memory>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/expected/dump.hpp"
#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/expected/remarks.hpp"
#include "driver/cli/expected/unmeasured.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/launch/launch_digest.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  LaunchOptions launch;
  std::string dump;
  bool json = false;
};

Json to_json(const ExpectedLaunch& launch, const Bytes& digest) {
  const spec::Machine& guest = launch.guest();
  const spec::Payload* payload = launch.payload();
  Json value = {
      {"launch_digest", to_hex(digest)},
      {"policy", sevcore::policy_value(guest.protection)},
      {"encrypted_state", sevcore::encrypts_state(guest.protection)},
      {"machine", launch.machine()},
      {"memory_bytes", guest.memory_bytes},
      {"vcpus", guest.vcpus},
      {"firmware", nullptr},
      {"kernel", payload != nullptr ? Json(payload->kernel.path) : Json(nullptr)},
      {"initrd", nullptr},
      {"cmdline", payload != nullptr ? Json(payload->command_line) : Json(nullptr)},
      {"measured_bytes", sevcore::measured_bytes(launch.plan)},
      {"secret_address", launch.plan.secret.address.value()},
      {"secret_size", launch.plan.secret.size},
  };
  if (payload != nullptr && payload->initrd) {
    value.set("initrd", payload->initrd->path);
  }
  if (const spec::FirmwareBoot* firmware = launch.firmware()) {
    value.set("firmware", firmware->image.path);
    value.set("memory_bytes", nullptr);  // Not measured
    if (guest.cpu.signature) {
      value.set("cpu_signature", *guest.cpu.signature);
    }
  }
  value.set("unmeasured", to_json(unmeasured(launch)));
  if (const auto flavour = sevcore::flavour_of(guest.protection)) {
    value.set("vmsa", word_for(*flavour));
    value.set("vmsa_assumed", launch.vmsa_assumed);
  }
  if (const auto* snp = std::get_if<sevcore::Snp>(&guest.protection)) {
    value.set("guest_features", snp->features);
  }
  return value;
}

ExitStatus run(const Options& options) {
  const ExpectedLaunch launch = expect_launch(options.launch);
  const Bytes digest = sevcore::launch_digest(launch.plan);
  if (!options.dump.empty() && std::holds_alternative<sevcore::Snp>(launch.plan.protection)) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("--dump: SEV-SNP measures each page with its type and address, which files of bytes do not "
             "have; `virtsev explain --json` lists them"));
  }
  if (!options.dump.empty()) {
    dump(launch.plan, options.dump);
  }
  if (options.json) {
    print(to_json(launch, digest));
  } else {
    print(to_hex(digest));
  }
  note_remarks_and_vmsa(launch);
  if (const auto list = unmeasured(launch); list.front().word == kUnmeasuredKernel) {
    note(text("not measured: {}", list.front().sentence));
  }
  return ExitStatus::kDone;
}

}  // namespace

void add_measure(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "measure",
      {text("Predict a guest's launch digest from its XML, or from options"),
       {"virtsev measure guest.xml",
        "virtsev measure --policy 0x5 --kernel vmlinuz --initrd initrd.img --cmdline console=ttyS0 --vcpus 2",
        "virtsev measure --policy 0x5 --firmware OVMF.amdsev.fd --kernel vmlinuz --cpu-model EPYC-Milan",
        "virtsev measure --type sev-snp --policy 0x30000 --firmware OVMF.amdsev.fd --cpu-model EPYC-Milan"},
       what_a_digest_does_not_say()});
  auto options = std::make_shared<Options>();
  add_launch_options(command, options->launch);
  command
      .add_option("--policy", options->launch.policy,
                  text("the guest policy, 0x-prefixed or decimal; beside XML it must be the same as there"))
      .type_name("P");
  command
      .add_option("--dump", options->dump,
                  text("write what is measured: regions.bin, and vmsaN.bin for each vCPU of SEV-ES"))
      .type_name("DIR");
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
