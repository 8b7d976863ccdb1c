// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/expected/launch_options.hpp"

#include "driver/cli/io/command_line.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

bool LaunchOptions::given() const {
  return !xml.empty() || !machine.empty() || memory_mib != 0 || !firmware.empty() ||
         !firmware_digest.empty() || !kernel.empty() || !initrd.empty() || command_line_given || vcpus != 0 ||
         !cpu_model.empty() || cpu_signature != 0 || !vmsa.empty() || !type.empty() ||
         !guest_features.empty();
}

void add_copy_options(Command& command, LaunchOptions& options) {
  command
      .add_option("--firmware", options.firmware,
                  text("the image of OVMF, for a guest that QEMU starts through firmware; beside XML with a "
                       "<loader>, your own copy of it"))
      .type_name("FILE");
  command
      .add_option(
          "--firmware-digest", options.firmware_digest,
          text("SHA-256 of a firmware image that you know to check the kernel's hashes: another image "
               "is refused, and this one is not looked into"))
      .type_name("HEX");
  command
      .add_option(
          "--kernel", options.kernel,
          text(
              "the kernel, a bzImage; beside XML, the same file in another place; with firmware, what QEMU's "
              "-kernel is, which kernel-hashes=on measures"))
      .type_name("FILE");
  command
      .add_option("--initrd", options.initrd, text("the initrd; beside XML, the same file in another place"))
      .type_name("FILE");
  const Option cpu_model =
      command
          .add_option("--cpu-model", options.cpu_model,
                      text("vCPU model as QEMU names it, EPYC-Milan for example; counts only with firmware "
                           "and SEV-ES, as direct boot measures none"))
          .type_name("NAME");
  command.add_option("--cpu-signature", options.cpu_signature, text("the same as CPUID's number"))
      .type_name("NUMBER")
      .excludes(cpu_model);
  command
      .add_option(
          "--vmsa", options.vmsa,
          text("how the host's kernel fills the vCPUs' state for SEV-ES: init2 (KVM_SEV_INIT2, Linux 6.10 "
               "and later; also the simulated platform) or legacy (before); verify and attest try both "
               "unless it is given, "
               "measure and explain take init2, and say so"))
      .type_name("HOW")
      .one_of({"init2", "legacy"});
  command
      .add_option("--guest-features", options.guest_features,
                  text("SEV_FEATURES of the vCPUs, for SEV-SNP (0x1), 0x-prefixed or decimal"))
      .type_name("BITS");
}

void add_launch_options(Command& command, LaunchOptions& options) {
  command.add_option("XML", options.xml, text("the domain's XML (\"-\": from standard input)")).type_name("");
  command
      .add_option("--type", options.type,
                  text("sev, whose policy says whether it is SEV-ES, or sev-snp; XML says it itself"))
      .type_name("TYPE")
      .one_of({"sev", "sev-snp"});
  command.add_option("--machine", options.machine, text("machine version (the newest, virtsev-q35-1.0)"))
      .type_name("NAME");
  command
      .add_option(
          "--memory", options.memory_mib,
          text("the guest's memory in MiB, which its memory map tells ({}); not measured with firmware",
               kDefaultMemoryMib))
      .type_name("MIB")
      .in_range(1, std::uint64_t{1} << 24);
  add_copy_options(command, options);
  command
      .add_option_function(
          "--cmdline",
          [&options](const std::string& value) {
            options.command_line = value;
            options.command_line_given = true;
          },
          text("the kernel's command line; beside XML with a <loader>, in place of the one there"))
      .type_name("TEXT")
      .expected(0, 1);
  command
      .add_option("--vcpus", options.vcpus,
                  text("number of vCPUs (1); beside XML with a <loader>, in place of the one there"))
      .type_name("N")
      .in_range(1, 4096);
}

}  // namespace virtsev::cli
