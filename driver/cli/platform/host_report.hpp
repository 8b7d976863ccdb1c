// SPDX-License-Identifier: LGPL-2.1-or-later
// What `virtsev host` says of a host, for people and for scripts.
#pragma once

#include <string>
#include <vector>

#include "sevcore/host-check/host_check.hpp"

namespace virtsev::cli {

class Json;

std::vector<std::string> describe_host(const sevcore::HostCheck& check);
Json host_as_json(const sevcore::HostCheck& check);

}  // namespace virtsev::cli
