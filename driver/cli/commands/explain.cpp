// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev explain: what a launch digest is made of, and where two launches part.
#include <memory>

#include "driver/cli/commands/commands.hpp"
#include "driver/cli/expected/expected_launch.hpp"
#include "driver/cli/expected/remarks.hpp"
#include "driver/cli/expected/unmeasured.hpp"
#include "driver/cli/explain/drawing.hpp"
#include "driver/cli/explain/saved.hpp"
#include "driver/cli/explain/show.hpp"
#include "driver/cli/io/command_line.hpp"
#include "driver/cli/io/files.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

/// More than any domain's XML, or any saved explanation, has.
constexpr std::size_t kMaxOtherBytes = 16U << 20;

struct Options {
  LaunchOptions launch;
  std::string against;
  std::string drawing;
  bool json = false;
};

/// What is compared with: a plan, or what was saved of one.
struct Other {
  std::optional<ExpectedLaunch> launch;  ///< None where it was saved
  PlanExplanation explanation;
};

Other read_other(const Options& options) {
  if (options.against == "-") {
    throw Error(ErrorCode::kInvalidArgument, text("--against -: name a file; standard input is for XML"));
  }
  const Bytes bytes = read_file(options.against, kMaxOtherBytes);
  const std::string content(bytes.begin(), bytes.end());
  if (looks_saved(content)) {
    return {std::nullopt, read_saved(content, options.against)};
  }
  LaunchOptions launch;
  launch.xml = options.against;
  launch.vmsa = options.launch.vmsa;
  launch.cpu_model = options.launch.cpu_model;
  launch.cpu_signature = options.launch.cpu_signature;
  launch.firmware_digest = options.launch.firmware_digest;
  ExpectedLaunch expected = expect_launch(launch);
  PlanExplanation explanation = explain(expected);
  return {std::move(expected), std::move(explanation)};
}

const sevcore::Region* region(const sevcore::LaunchPlan& plan, const std::string& name) {
  for (const sevcore::Region& candidate : plan.regions) {
    if (candidate.name == name) {
      return &candidate;
    }
  }
  return nullptr;
}

std::optional<ByteDifference> byte_of(const Difference& difference, const ExpectedLaunch& here,
                                      const Other& there) {
  if (difference.kind != DifferenceKind::kBytes || !there.launch) {
    return std::nullopt;
  }
  const sevcore::Region* mine = region(here.plan, difference.here->name);
  const sevcore::Region* other = region(there.launch->plan, difference.there->name);
  return mine == nullptr || other == nullptr ? std::nullopt : first_different_byte(*mine, *other);
}

struct Comparison {
  Other there;
  std::optional<Difference> difference;  ///< Points into `there`, and into what it was compared with
  std::string sentence;                  ///< What differs; empty where nothing does
  std::vector<std::string> reasons;
  bool same = false;
};

Comparison compare(const Options& options, const ExpectedLaunch& launch, const PlanExplanation& here) {
  Comparison comparison{read_other(options), {}, {}, {}, false};
  const PlanExplanation& there = comparison.there.explanation;
  comparison.difference = first_difference(here, there);
  comparison.reasons = causes(here, there);
  if (comparison.difference) {
    comparison.sentence =
        show(*comparison.difference, byte_of(*comparison.difference, launch, comparison.there));
    if (comparison.reasons.empty()) {
      comparison.reasons.push_back(
          text("nothing that was given differs: another version of virtsev made the other one"));
    }
  }
  comparison.same = !comparison.difference && here.inputs.policy == there.inputs.policy;
  return comparison;
}

Json to_json(const Comparison& comparison) {
  Json value = {{"same", comparison.same}, {"first_difference", nullptr}, {"causes", comparison.reasons}};
  if (const auto& difference = comparison.difference) {
    value.set("first_difference",
              {{"region", (difference->here != nullptr ? difference->here : difference->there)->name},
               {"number", difference->index + 1},
               {"text", comparison.sentence}});
  }
  return value;
}

void print_for_people(const Comparison& comparison) {
  print(comparison.difference ? comparison.sentence : text("the launch digests are the same"));
  for (const std::string& reason : comparison.reasons) {
    print("  " + reason);
  }
}

ExitStatus run(const Options& options) {
  if (!options.drawing.empty()) {
    check_output("--svg", options.drawing,
                 {options.launch.xml, options.against, options.launch.firmware, options.launch.kernel,
                  options.launch.initrd});
  }
  const ExpectedLaunch launch = expect_launch(options.launch);
  note_remarks_and_vmsa(launch);
  const PlanExplanation explanation = explain(launch);
  std::optional<Comparison> comparison;
  if (!options.against.empty()) {
    comparison = compare(options, launch, explanation);
  }
  if (!options.drawing.empty()) {
    const bool differs = comparison && comparison->difference;
    write_file(options.drawing,
               draw(explanation, differs ? &*comparison->difference : nullptr,
                    differs ? comparison->sentence : std::string()),
               Readers::kEverybody);
  }
  if (options.json) {
    print(comparison ? to_json(*comparison) : to_json(explanation));
  } else if (comparison) {
    print_for_people(*comparison);
  } else {
    print(show(explanation));
  }
  return !comparison || comparison->same ? ExitStatus::kDone : ExitStatus::kNo;
}

}  // namespace

void add_explain(Command& program, ExitStatus& status) {
  Command command = program.add_subcommand(
      "explain",
      {text("Show what a launch digest is made of, region by region, and where two launches differ"),
       {"virtsev explain guest.xml", "virtsev explain guest.xml --against other.xml --svg difference.svg"},
       what_a_digest_does_not_say()});
  auto options = std::make_shared<Options>();
  add_launch_options(command, options->launch);
  command
      .add_option("--policy", options->launch.policy,
                  text("the guest policy, 0x-prefixed or decimal; beside XML it must be the same as there"))
      .type_name("P");
  command
      .add_option("--against", options->against,
                  text("another domain's XML, or what `explain --json` wrote: show the first difference, and "
                       "what explains it; exit status 1 where there is one"))
      .type_name("FILE");
  command
      .add_option("--svg", options->drawing,
                  text("also draw guest memory with its regions; with --against, the first difference in it"))
      .type_name("FILE");
  command.add_flag("--json", options->json, text("results as JSON"));
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace virtsev::cli
