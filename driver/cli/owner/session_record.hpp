// SPDX-License-Identifier: LGPL-2.1-or-later
// session.json: what a session was made for, as its owner's command found it. It is the owner's own word, so
// attestation can rest on it, where nothing that a host says could be believed.
#pragma once

#include <optional>
#include <string>

#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::cli {

class Json;

struct SessionRecord {
  sevcore::Policy policy;
  std::string platform;     ///< "amd", "simulated" or "unverified"
  std::string product;      ///< "amd": which processor
  ByteArray<32> pdh_key{};  ///< key_digest() of the PDH that the session was made for

  [[nodiscard]] bool simulated() const { return platform == "simulated"; }
  [[nodiscard]] bool unverified() const { return platform == "unverified"; }
};

Json to_json(const SessionRecord& record);

/// Reads DIRECTORY/session.json; nothing where there is none. Throws Error naming the file where it is not
/// what `virtsev session` writes.
std::optional<SessionRecord> read_session_record(const std::string& directory);

}  // namespace virtsev::cli
