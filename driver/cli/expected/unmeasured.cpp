// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/expected/unmeasured.hpp"

#include "driver/boot/ovmf/hash_check.hpp"
#include "driver/cli/io/output.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

std::string what_a_digest_does_not_say() {
  return text(
      "What a launch digest does not say: it binds the measured bytes and their order, not the addresses "
      "where\n"
      "they lie; without SEV-ES, it says nothing of the registers that vCPUs start with. A guest that boots\n"
      "through firmware runs ACPI tables that the host made and nobody measured (direct boot measures its "
      "own),\n"
      "and, where no kernel is given, a kernel from a disk that the host can exchange. A measurement of an "
      "older\n"
      "launch with the same session fits as well; a secret reaches only one launch. --json has the field\n"
      "\"unmeasured\".");
}

std::vector<Unmeasured> unmeasured(const ExpectedLaunch& launch) {
  std::vector<Unmeasured> list;
  if (launch.payload() == nullptr) {
    list.push_back(
        {kUnmeasuredKernel, text("the kernel: the firmware takes it from the guest's disk, which the host "
                                 "can exchange")});
  }
  if (launch.firmware() != nullptr) {
    list.push_back({"acpi", text("ACPI tables, whose code the guest's kernel runs: the host makes them "
                                 "(direct boot measures its own)")});
    list.push_back({"smbios", text("SMBIOS tables, from the host")});
    list.push_back({"memory-map", text("the memory map, from the host")});
  }
  if (launch.variables_of_host) {
    list.push_back({"variables", text("the firmware's variables, the boot order among them")});
  }
  if (!sevcore::encrypts_state(launch.plan.protection)) {
    list.push_back(
        {"vcpu-state", text("the registers that vCPUs start with: SEV-ES measures them (policy bit 2), "
                            "SEV does not")});
  }
  if (!std::holds_alternative<sevcore::Snp>(launch.plan.protection)) {
    list.push_back(
        {"addresses", text("where the measured bytes lie: the digest binds bytes and their order, not "
                           "addresses")});
  }
  return list;
}

Json to_json(const std::vector<Unmeasured>& list) {
  std::vector<std::string> words;
  words.reserve(list.size());
  for (const Unmeasured& one : list) {
    words.push_back(one.word);
  }
  return words;
}

void note_unmeasured(const ExpectedLaunch& launch) {
  if (launch.firmware() == nullptr) {
    return;
  }
  for (const Unmeasured& one : unmeasured(launch)) {
    note(text("not measured: {}", one.sentence));
  }
}

bool kernel_is_covered(const ExpectedLaunch& launch) {
  return launch.payload() != nullptr ||
         boot::ovmf::find_hash_check(launch.firmware()->image) == boot::ovmf::HashCheck::kThere;
}

}  // namespace virtsev::cli
