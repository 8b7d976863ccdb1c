// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/explain/saved.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Step& step) {
  Json value = {{"name", step.name},
                {"address", nullptr},
                {"size", step.size},
                {"type", step.type},
                {"digest", to_hex(step.digest)},
                {"running_digest", to_hex(step.running)},
                {"origin", step.origin}};
  if (step.address) {
    value["address"] = *step.address;
  }
  return value;
}

ByteArray<32> digest_in(const Json& value) {
  const std::optional<Bytes> bytes = from_hex(value.get<std::string>());
  ByteArray<32> digest{};
  if (!bytes || bytes->size() != digest.size()) {
    throw Json::other_error::create(501, "a digest has 64 hexadecimal digits", nullptr);
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

Step step_in(const Json& value) {
  Step step;
  step.name = value.at("name").get<std::string>();
  step.origin = value.at("origin").get<std::string>();
  if (!value.at("address").is_null()) {
    step.address = value.at("address").get<std::uint64_t>();
  }
  step.size = value.at("size").get<std::uint64_t>();
  step.type = value.at("type").get<std::string>();
  step.digest = digest_in(value.at("digest"));
  step.running = digest_in(value.at("running_digest"));
  return step;
}

Inputs inputs_in(const Json& value) {
  Inputs inputs;
  inputs.machine = value.at("machine").get<std::string>();
  inputs.memory_bytes = value.at("memory_bytes").get<std::uint64_t>();
  inputs.vcpus = value.at("vcpus").get<std::uint32_t>();
  inputs.policy = value.at("policy").get<std::uint32_t>();
  inputs.command_line = value.at("cmdline").get<std::string>();
  inputs.vmsa = value.at("vmsa").is_null() ? "" : value.at("vmsa").get<std::string>();
  return inputs;
}

}  // namespace

nlohmann::ordered_json to_json(const Explanation& explanation) {
  const Inputs& inputs = explanation.inputs;
  Json value = {{"launch_digest", to_hex(explanation.launch_digest)},
                {"inputs",
                 {{"machine", inputs.machine},
                  {"memory_bytes", inputs.memory_bytes},
                  {"vcpus", inputs.vcpus},
                  {"policy", inputs.policy},
                  {"cmdline", inputs.command_line},
                  {"vmsa", nullptr}}},
                {"secret_address", explanation.secret.address.value()},
                {"secret_size", explanation.secret.size},
                {"regions", Json::array()}};
  if (!inputs.vmsa.empty()) {
    value["inputs"]["vmsa"] = inputs.vmsa;
  }
  for (const Step& step : explanation.steps) {
    value["regions"].push_back(to_json(step));
  }
  return value;
}

bool looks_saved(const std::string& content) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  return first != std::string::npos && content[first] == '{';
}

Explanation read_saved(const std::string& content, const std::string& path) {
  try {
    const Json value = Json::parse(content);
    Explanation explanation;
    explanation.launch_digest = digest_in(value.at("launch_digest"));
    explanation.inputs = inputs_in(value.at("inputs"));
    // Earlier versions did not write it.
    explanation.secret = {GuestAddress(value.value("secret_address", std::uint64_t{0})),
                          value.value("secret_size", std::uint64_t{0})};
    for (const Json& step : value.at("regions")) {
      explanation.steps.push_back(step_in(step));
    }
    return explanation;
  } catch (const Json::exception& fault) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{} is not what `virtsev explain --json` writes: {}", path, fault.what()));
  }
}

}  // namespace virtsev::cli
