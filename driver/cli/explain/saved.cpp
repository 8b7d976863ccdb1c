// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/saved.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "driver/cli/io/json.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

Json to_json(const ExplainedStep& step) {
  return {{"name", step.name},
          {"address", step.address ? Json(*step.address) : Json(nullptr)},
          {"size", step.size},
          {"type", step.type},
          {"digest", to_hex(step.digest)},
          {"running_digest", to_hex(step.running)},
          {"origin", step.origin}};
}

Json to_json(const Inputs& inputs) {
  return {
      {"machine", inputs.machine},      {"memory_bytes", inputs.memory_bytes},
      {"vcpus", inputs.vcpus},          {"policy", inputs.policy},
      {"cmdline", inputs.command_line}, {"vmsa", inputs.vmsa.empty() ? Json(nullptr) : Json(inputs.vmsa)}};
}

/// What a file has that to_json() does not write; read_saved() makes an Error of it.
struct Malformed {
  std::string reason;
};

JsonView field(JsonView value, const char* name) {
  const auto found = value.find(name);
  if (!found) {
    throw Malformed{text("\"{}\" is missing", name)};
  }
  return *found;
}

std::string text_in(JsonView value, const char* name) {
  auto found = field(value, name).string();
  if (!found) {
    throw Malformed{text("\"{}\" is not text", name)};
  }
  return std::move(*found);
}

std::uint64_t number_in(JsonView value, const char* name,
                        std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max()) {
  const auto found = field(value, name).number();
  if (!found || *found > greatest) {
    throw Malformed{text("\"{}\" is not a number from 0 to {}", name, greatest)};
  }
  return *found;
}

std::uint32_t word_in(JsonView value, const char* name) {
  return static_cast<std::uint32_t>(number_in(value, name, std::numeric_limits<std::uint32_t>::max()));
}

/// 32 bytes, or 48 for what SEV-SNP measures.
Bytes launch_digest_in(JsonView value, const char* name) {
  std::optional<Bytes> bytes = from_hex(text_in(value, name));
  if (!bytes || (bytes->size() != 32 && bytes->size() != 48)) {
    throw Malformed{text("\"{}\" has not the 64 or 96 hex digits of a digest", name)};
  }
  return std::move(*bytes);
}

ByteArray<32> digest_in(JsonView value, const char* name) {
  const std::optional<Bytes> bytes = from_hex(text_in(value, name));
  ByteArray<32> digest{};
  if (!bytes || bytes->size() != digest.size()) {
    throw Malformed{text("\"{}\" has not the 64 hex digits of a digest", name)};
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

ExplainedStep step_in(JsonView value) {
  ExplainedStep step;
  step.name = text_in(value, "name");
  step.origin = text_in(value, "origin");
  if (!field(value, "address").is_null()) {
    step.address = number_in(value, "address");
  }
  step.size = number_in(value, "size");
  step.type = text_in(value, "type");
  step.digest = digest_in(value, "digest");
  step.running = launch_digest_in(value, "running_digest");
  return step;
}

Inputs inputs_in(JsonView value) {
  Inputs inputs;
  inputs.machine = text_in(value, "machine");
  inputs.memory_bytes = number_in(value, "memory_bytes");
  inputs.vcpus = word_in(value, "vcpus");
  inputs.policy = number_in(value, "policy");
  inputs.command_line = text_in(value, "cmdline");
  inputs.vmsa = field(value, "vmsa").is_null() ? "" : text_in(value, "vmsa");
  return inputs;
}

PlanExplanation explanation_in(JsonView value) {
  PlanExplanation explanation;
  explanation.launch_digest = launch_digest_in(value, "launch_digest");
  explanation.inputs = inputs_in(field(value, "inputs"));
  if (value.find("secret_address")) {  // Earlier versions did not write it
    explanation.secret = {GuestAddress(number_in(value, "secret_address")), number_in(value, "secret_size")};
  }
  const auto regions = field(value, "regions").list();
  if (!regions) {
    throw Malformed{text("\"{}\" is not a list", "regions")};
  }
  for (const JsonView step : *regions) {
    explanation.steps.push_back(step_in(step));
  }
  return explanation;
}

}  // namespace

Json to_json(const PlanExplanation& explanation) {
  Json regions = Json::array();
  for (const ExplainedStep& step : explanation.steps) {
    regions.push_back(to_json(step));
  }
  return {{"launch_digest", to_hex(explanation.launch_digest)},   {"inputs", to_json(explanation.inputs)},
          {"secret_address", explanation.secret.address.value()}, {"secret_size", explanation.secret.size},
          {"unmeasured", to_json(explanation.unmeasured)},        {"regions", regions}};
}

bool looks_saved(const std::string& content) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  return first != std::string::npos && content[first] == '{';
}

PlanExplanation read_saved(const std::string& content, const std::string& path) {
  std::string reason;
  try {
    if (const auto value = Json::parse(content)) {
      return explanation_in(value->view());
    }
    reason = text("it is not JSON, or was cut off");
  } catch (const Malformed& malformed) {
    reason = malformed.reason;
  }
  throw Error(ErrorCode::kInvalidArgument,
              text("{} is not what `virtsev explain --json` writes: {}", path, reason));
}

}  // namespace virtsev::cli
