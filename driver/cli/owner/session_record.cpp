// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/session_record.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "driver/cli/files.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRecord = 65536;

std::optional<std::string> text_in(const Json& value, const char* field) {
  const auto found = value.find(field);
  return found != value.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

std::optional<SessionRecord> parse(const Json& value) {
  if (!value.is_object()) {
    return std::nullopt;
  }
  SessionRecord record;
  const auto policy = value.find("policy");
  const auto platform = text_in(value, "platform");
  const auto key = from_hex(text_in(value, "pdh_key_sha256").value_or(""));
  if (policy == value.end() || !policy->is_number_unsigned() || policy->get<std::uint64_t>() > 0xffffffffU ||
      !platform || (*platform != "amd" && *platform != "simulated" && *platform != "unverified") || !key ||
      key->size() != record.pdh_key.size()) {
    return std::nullopt;
  }
  record.policy = sevcore::Policy(policy->get<std::uint32_t>());
  record.platform = *platform;
  record.product = text_in(value, "product").value_or("");
  std::copy(key->begin(), key->end(), record.pdh_key.begin());
  return record;
}

}  // namespace

Json to_json(const SessionRecord& record) {
  Json value = {{"policy", record.policy.value()},
                {"platform", record.platform},
                {"pdh_key_sha256", to_hex(record.pdh_key)}};
  if (!record.product.empty()) {
    value["product"] = record.product;
  }
  return value;
}

std::optional<SessionRecord> read_session_record(const std::string& directory) {
  const std::string path = directory + "/session.json";
  if (::access(path.c_str(), F_OK) != 0) {
    return std::nullopt;
  }
  const Bytes content = read_file(path, kMaxRecord);
  auto record = parse(Json::parse(content.begin(), content.end(), nullptr, false));
  if (!record) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("{}: is not what `virtsev session` writes (policy, platform, pdh_key_sha256), so what the "
             "session was made for is not known",
             path));
  }
  return record;
}

}  // namespace virtsev::cli
