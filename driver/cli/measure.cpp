// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev measure: predicts the launch digest of a guest.
#include <memory>

#include "driver/cli/command_line/command_line.hpp"
#include "driver/cli/commands.hpp"
#include "driver/cli/json.hpp"
#include "driver/cli/launch/dump.hpp"
#include "driver/cli/launch/expected_launch.hpp"
#include "driver/cli/launch/remarks.hpp"
#include "driver/cli/launch/unmeasured.hpp"
#include "driver/cli/output.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

struct Options {
  LaunchOptions launch;
  std::string dump;
  bool json = false;
};

Json to_json(const ExpectedLaunch& launch, const ByteArray<32>& digest) {
  const spec::BootSpecification& boot = launch.specification;
  std::uint64_t measured = 0;
  for (const sevcore::Region& region : launch.plan.regions) {
    measured += region.type == sevcore::PageType::kUnmeasured ? 0 : region.size;
  }
  Json value = {
      {"launch_digest", to_hex(digest)},
      {"policy", boot.policy},
      {"encrypted_state", launch.plan.encrypted_state},
      {"machine", launch.machine()},
      {"memory_bytes", boot.memory_bytes},
      {"vcpus", boot.vcpus},
      {"firmware", nullptr},
      {"kernel", boot.kernel.path},
      {"initrd", nullptr},
      {"cmdline", boot.command_line},
      {"measured_bytes", measured},
      {"secret_address", launch.plan.secret.address.value()},
      {"secret_size", launch.plan.secret.size},
  };
  if (boot.initrd) {
    value.set("initrd", boot.initrd->path);
  }
  if (launch.firmware) {
    value.set("firmware", launch.firmware->image.path);
    value.set("memory_bytes", nullptr);  // Not measured
    if (launch.firmware->cpu_signature) {
      value.set("cpu_signature", *launch.firmware->cpu_signature);
    }
    if (boot.kernel.fd < 0) {
      value.set("kernel", nullptr);
      value.set("cmdline", nullptr);
    }
  }
  value.set("unmeasured", to_json(unmeasured(launch)));
  if (launch.plan.encrypted_state) {
    value.set("vmsa", boot.vmsa_flavour == spec::VmsaFlavour::kInit2 ? "init2" : "legacy");
    value.set("vmsa_assumed", launch.vmsa_assumed);
  }
  return value;
}

ExitStatus run(const Options& options) {
  const ExpectedLaunch launch = expect_launch(options.launch);
  const ByteArray<32> digest = sevcore::launch_digest(launch.plan);
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
        "virtsev measure --policy 0x5 --firmware OVMF.amdsev.fd --kernel vmlinuz --cpu-model EPYC-Milan"},
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
