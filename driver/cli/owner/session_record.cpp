// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/session_record.hpp"

#include <algorithm>
#include <limits>

#include <unistd.h>

#include "driver/cli/io/files.hpp"
#include "driver/cli/io/json.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

constexpr std::size_t kMaxRecord = 65536;
constexpr std::uint64_t kNoPolicy = std::numeric_limits<std::uint64_t>::max();

std::optional<std::string> text_in(JsonView value, const char* field) {
  const auto found = value.find(field);
  return found ? found->string() : std::nullopt;
}

std::optional<std::uint64_t> number_in(JsonView value, const char* field) {
  const auto found = value.find(field);
  return found ? found->number() : std::nullopt;
}

std::optional<SessionRecord> parse(JsonView value) {
  SessionRecord record;
  const std::uint64_t policy = number_in(value, "policy").value_or(kNoPolicy);
  const auto platform = text_in(value, "platform");
  const auto key = from_hex(text_in(value, "pdh_key_sha256").value_or(""));
  if (policy > 0xffffffffU || !platform ||
      (*platform != "amd" && *platform != "simulated" && *platform != "unverified") || !key ||
      key->size() != record.pdh_key.size()) {
    return std::nullopt;
  }
  record.policy = sevcore::Policy(static_cast<std::uint32_t>(policy));
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
    value.set("product", record.product);
  }
  return value;
}

std::optional<SessionRecord> read_session_record(const std::string& directory) {
  const std::string path = directory + "/session.json";
  if (::access(path.c_str(), F_OK) != 0) {
    return std::nullopt;
  }
  const Bytes content = read_file(path, kMaxRecord);
  const auto value = Json::parse({reinterpret_cast<const char*>(content.data()), content.size()});
  auto record = value ? parse(value->view()) : std::nullopt;
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
