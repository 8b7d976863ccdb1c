// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/secret_entry.hpp"

#include <algorithm>
#include <optional>

#include "driver/cli/io/files.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/owner/secret.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

sevcore::SecretEntry read_one(const std::string& option, const std::string& argument) {
  const std::size_t equals = argument.find('=');
  const auto guid =
      equals == std::string::npos ? std::nullopt : sevcore::parse_secret_name(argument.substr(0, equals));
  if (!guid || equals + 1 == argument.size()) {
    refuse(text("{} {}: write GUID=FILE, or luks-key=FILE", option, argument));
  }
  if (*guid == Guid{}) {
    refuse(
        text("{} {}: a GUID of zeros names nothing, and no guest would find the secret", option, argument));
  }
  const std::string path = argument.substr(equals + 1);
  sevcore::SecretEntry entry{*guid, read_file(path, sevcore::SecretPacket::kMaxData)};
  if (entry.data.empty()) {
    refuse(text("{} {}: {} is empty; a secret has one byte at least", option, argument, path));
  }
  if (std::all_of(entry.data.begin(), entry.data.end(), [](std::uint8_t byte) { return byte == 0; })) {
    refuse(text("{} {}: {} has {} bytes, and all are zero; such a secret can't be meant", option, argument,
                path, entry.data.size()));
  }
  return entry;
}

}  // namespace

std::vector<sevcore::SecretEntry> read_secret_entries(const std::string& option,
                                                      const std::vector<std::string>& arguments) {
  std::vector<sevcore::SecretEntry> entries;
  for (const std::string& argument : arguments) {
    sevcore::SecretEntry entry = read_one(option, argument);
    if (std::any_of(entries.begin(), entries.end(),
                    [&](const sevcore::SecretEntry& other) { return other.guid == entry.guid; })) {
      refuse(
          text("{} {}: its GUID stands there twice, and a guest finds one of them; give the other secret a "
               "GUID of its own",
               option, argument));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

void check_not_a_key(const std::vector<sevcore::SecretEntry>& entries, const ByteArray<16>& tik,
                     const ByteArray<16>& tek) {
  for (const sevcore::SecretEntry& entry : entries) {
    for (const ByteArray<16>& key : {tik, tek}) {
      if (std::search(entry.data.begin(), entry.data.end(), key.begin(), key.end()) != entry.data.end()) {
        refuse(
            text("the secret {} holds a key of the session, its TEK or TIK: name the file of the guest's "
                 "secret",
                 to_string(entry.guid)));
      }
    }
  }
}

void wipe(std::vector<sevcore::SecretEntry>& entries) {
  for (sevcore::SecretEntry& entry : entries) {
    sevcore::crypto::wipe(entry.data);
  }
}

}  // namespace virtsev::cli
