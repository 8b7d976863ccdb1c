// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev host: whether this machine can run SEV and SEV-ES guests.
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "driver/cli/commands.hpp"
#include "driver/cli/output.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/kernel/host_check.hpp"

namespace virtsev::cli {
namespace {

nlohmann::ordered_json to_json(bool usable, std::uint32_t guests,
                               const std::vector<sevcore::HostFinding>& findings) {
  nlohmann::ordered_json value = {
      {"usable", usable}, {"guests", guests}, {"findings", nlohmann::ordered_json::array()}};
  for (const sevcore::HostFinding& finding : findings) {
    value["findings"].push_back({{"problem", finding.problem}, {"next_step", finding.next_step}});
  }
  return value;
}

void print_one(const char* name, bool usable, std::uint32_t guests,
               const std::vector<sevcore::HostFinding>& findings) {
  print(usable ? text("{}: can be used, {} guests at once", name, guests) : text("{}: can't be used", name));
  for (const sevcore::HostFinding& finding : findings) {
    print(text("  - {}; {}", finding.problem, finding.next_step));
  }
}

ExitStatus run(bool json) {
  const sevcore::HostCheck check = sevcore::check_host();
  if (json) {
    print(nlohmann::ordered_json{{"sev", to_json(check.sev_usable(), check.cpu.sev_guests(), check.sev)},
                                 {"sev_es", to_json(check.es_usable(), check.cpu.es_guests(), check.es)},
                                 {"sev_snp", {{"cpu", check.cpu.snp}}},
                                 {"c_bit_position", check.cpu.c_bit_position},
                                 {"reduced_phys_bits", check.cpu.reduced_phys_bits}});
  } else {
    print_one("SEV", check.sev_usable(), check.cpu.sev_guests(), check.sev);
    print_one("SEV-ES", check.es_usable(), check.cpu.es_guests(), check.es);
    print(check.cpu.snp ? text("SEV-SNP: the processor has it; virtsev does not use it yet")
                        : text("SEV-SNP: the processor does not have it"));
  }
  return check.sev_usable() && check.es_usable() ? ExitStatus::kDone : ExitStatus::kNo;
}

}  // namespace

void add_host(CLI::App& program, ExitStatus& status) {
  CLI::App* command = program.add_subcommand(
      "host", text("Say whether this machine can run SEV guests, and what is missing (0 yes, 1 no)"));
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, text("results as JSON"));
  command->callback([json, &status] { status = run(*json); });
}

}  // namespace virtsev::cli
