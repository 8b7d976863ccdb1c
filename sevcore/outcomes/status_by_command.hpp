// SPDX-License-Identifier: LGPL-2.1-or-later
// Statuses of the firmware that mean something else with each command. `command`: its specification name.
#pragma once

#include "sevcore/outcomes/outcome_table.hpp"

namespace virtsev::sevcore {

Explanation invalid_guest_state(std::string_view command);
Explanation invalid_length(std::string_view command);
Explanation invalid_certificate(std::string_view command);
Explanation policy_failure(std::string_view command);
Explanation unsupported(std::string_view command);
Explanation invalid_address(std::string_view command);
Explanation bad_measurement(std::string_view command);
Explanation invalid_parameter(std::string_view command);

}  // namespace virtsev::sevcore
