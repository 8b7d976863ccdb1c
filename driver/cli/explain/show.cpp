// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/show.hpp"

#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

std::string show(const ExplainedStep& step, std::size_t number) {
  const std::string heading = step.address ? text("{:2}  {} at {:#x}, {} bytes, {}, from {}", number,
                                                  step.name, *step.address, step.size, step.type, step.origin)
                                           : text("{:2}  {}, {} bytes, {}, from {}", number, step.name,
                                                  step.size, step.type, step.origin);
  return heading + "\n" +
         text("    digest   {}\n    running  {}", to_hex(step.digest), to_hex(step.running)) + "\n";
}

/// What a byte of the boot parameters is about, for the inputs that reach it (Linux: zero-page.rst).
std::string meaning(const std::string& region, std::uint64_t offset) {
  if (region == "kernel hashes") {
    return offset < 68    ? text(" (the command line's hash)")
           : offset < 118 ? text(" (the initrd's hash)")
                          : text(" (the kernel's hash)");
  }
  if (region != "boot parameters") {
    return "";
  }
  if (offset >= 0x218 && offset < 0x220) {
    return text(" (where the initrd is, and how long)");
  }
  if (offset >= 0x1f1 && offset < 0x290) {
    return text(" (the kernel's own header)");
  }
  if (offset == 0x1e8 || (offset >= 0x2d0 && offset < 0xcd0)) {
    return text(" (the memory map)");
  }
  return "";
}

}  // namespace

std::string show(const PlanExplanation& explanation) {
  std::string out;
  for (std::size_t i = 0; i < explanation.steps.size(); ++i) {
    out += show(explanation.steps[i], i + 1);
  }
  for (const Unmeasured& one : explanation.unmeasured) {
    out += text("not measured: {}", one.sentence) + "\n";
  }
  return out + text("launch digest  {}", to_hex(explanation.launch_digest));
}

std::string show(const Difference& difference, const std::optional<ByteDifference>& byte) {
  const std::size_t number = difference.index + 1;
  switch (difference.kind) {
    case DifferenceKind::kOnlyHere:
      return text("first difference: step {}, {}, is not there in that place", number, difference.here->name);
    case DifferenceKind::kOnlyThere:
      return text("first difference: step {} there, {}, is not here", number, difference.there->name);
    case DifferenceKind::kAddress:
      return text("first difference: step {}, {}: at {:#x} here, at {:#x} there", number,
                  difference.here->name, difference.here->address.value_or(0),
                  difference.there->address.value_or(0));
    case DifferenceKind::kSize:
      return text("first difference: step {}, {}: {} bytes here, {} bytes there", number,
                  difference.here->name, difference.here->size, difference.there->size);
    case DifferenceKind::kType:
      return text("first difference: step {}, {}: type {} here, {} there", number, difference.here->name,
                  difference.here->type, difference.there->type);
    case DifferenceKind::kBytes:
      break;
  }
  if (!byte) {
    return text("first difference: step {}, {}: its bytes differ", number, difference.here->name);
  }
  return text("first difference: step {}, {}: byte {:#x}{} is {:#04x} here, {:#04x} there", number,
              difference.here->name, byte->offset, meaning(difference.here->name, byte->offset), byte->here,
              byte->there);
}

}  // namespace virtsev::cli
