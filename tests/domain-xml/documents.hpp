// SPDX-License-Identifier: LGPL-2.1-or-later
// Documents as other tools write them.
#pragma once

#include <string>
#include <vector>

namespace virtsev::domain_xml::test {

struct Written {
  std::string by;
  std::string xml;
};

/// All of them describe a guest that can be had, with <launchSecurity>.
std::vector<Written> documents_of_tools();

}  // namespace virtsev::domain_xml::test
