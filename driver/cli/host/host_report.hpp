// SPDX-License-Identifier: LGPL-2.1-or-later
// What `virtsev host` says of a host, for people and for scripts.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sevcore/kernel/host_check.hpp"

namespace virtsev::cli {

std::vector<std::string> describe_host(const sevcore::HostCheck& check);
nlohmann::ordered_json host_as_json(const sevcore::HostCheck& check);

}  // namespace virtsev::cli
