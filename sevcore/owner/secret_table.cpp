// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/owner/secret_table.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/owner/secret.hpp"

namespace virtsev::sevcore {
namespace {

/// A GUID and a 32-bit length, before the table and before each entry; the length counts them too.
constexpr std::size_t kHead = 20;

void append_head(Bytes& table, const Guid& guid, std::size_t length) {
  table.insert(table.end(), guid.bytes.begin(), guid.bytes.end());
  append_le(table, static_cast<std::uint32_t>(length));
}

Guid guid_at(ByteView bytes) {
  Guid guid;
  std::copy_n(bytes.begin(), guid.bytes.size(), guid.bytes.begin());
  return guid;
}

}  // namespace

std::optional<Guid> parse_secret_name(std::string_view name) {
  if (name == "luks-key") {
    return kLuksKeyGuid;
  }
  return parse_guid(name);
}

Bytes build_secret_table(const std::vector<SecretEntry>& entries) {
  std::size_t length = kHead;
  for (const SecretEntry& entry : entries) {
    length += kHead + entry.data.size();
  }
  const std::size_t padded = round_up(length, 16);
  if (padded > SecretPacket::kMaxData) {
    throw Error(ErrorCode::kInvalidArgument,
                text("the secrets take {} bytes together, but {} fit into one packet", padded,
                     SecretPacket::kMaxData));
  }
  Bytes table;
  append_head(table, kSecretTableGuid, length);
  for (const SecretEntry& entry : entries) {
    append_head(table, entry.guid, kHead + entry.data.size());
    table.insert(table.end(), entry.data.begin(), entry.data.end());
  }
  table.resize(padded);
  return table;
}

std::optional<std::vector<SecretEntry>> parse_secret_table(ByteView bytes) {
  if (bytes.size() < kHead || guid_at(bytes) != kSecretTableGuid) {
    return std::nullopt;
  }
  const auto length = get_le<std::uint32_t>(bytes, 16);
  if (length < kHead || length > bytes.size()) {
    return std::nullopt;
  }
  std::vector<SecretEntry> entries;
  for (ByteView rest = bytes.subspan(kHead, length - kHead); rest.size() >= kHead;) {
    const auto entry_length = get_le<std::uint32_t>(rest, 16);
    if (entry_length < kHead || entry_length > rest.size()) {
      break;
    }
    const ByteView data = rest.subspan(kHead, entry_length - kHead);
    if (guid_at(rest) != Guid{}) {
      entries.push_back({guid_at(rest), Bytes(data.begin(), data.end())});
    }
    rest = rest.subspan(entry_length);
  }
  return entries;
}

}  // namespace virtsev::sevcore
