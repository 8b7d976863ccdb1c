// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/secret_entry.hpp"

#include <optional>

#include "driver/cli/files.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/owner/secret.hpp"

namespace virtsev::cli {

sevcore::SecretEntry read_secret_entry(const std::string& option, const std::string& argument) {
  const std::size_t equals = argument.find('=');
  const auto guid =
      equals == std::string::npos ? std::nullopt : sevcore::parse_secret_name(argument.substr(0, equals));
  if (!guid || equals + 1 == argument.size()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{} {}: write GUID=FILE, or luks-key=FILE", option, argument));
  }
  return {*guid, read_file(argument.substr(equals + 1), sevcore::SecretPacket::kMaxData)};
}

}  // namespace virtsev::cli
