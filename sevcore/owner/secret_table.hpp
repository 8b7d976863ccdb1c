// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of secrets that OVMF's secret area and Linux's efi_secret driver hold: entries with a GUID each.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guid.hpp"

namespace virtsev::sevcore {

inline constexpr Guid kSecretTableGuid = *parse_guid("1e74f542-71dd-4d66-963e-ef4287ff173b");
/// A LUKS pass phrase or key; the command line calls it "luks-key".
inline constexpr Guid kLuksKeyGuid = *parse_guid("736869e5-84f0-4973-92ec-06879ce3da0b");

struct SecretEntry {
  Guid guid;
  Bytes data;
  friend bool operator==(const SecretEntry&, const SecretEntry&) = default;
};

/// A GUID in text, or an alias ("luks-key").
std::optional<Guid> parse_secret_name(std::string_view name);

/// Header, entries in their order, zeros up to a multiple of 16 bytes. Throws Error(kInvalidArgument) where
/// it would be longer than a secret may be.
Bytes build_secret_table(const std::vector<SecretEntry>& entries);

/// Reads a table as Linux's driver does: nothing where there is no valid header; ends at an entry that does
/// not fit; leaves out deleted entries.
std::optional<std::vector<SecretEntry>> parse_secret_table(ByteView bytes);

}  // namespace virtsev::sevcore
