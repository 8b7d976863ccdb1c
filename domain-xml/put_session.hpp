// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest owner's session in the owner's own document.
#pragma once

#include <string>

#include "sevcore/launch/policy.hpp"

namespace virtsev::domain_xml {

/// `xml` with these two in its <launchSecurity type='sev'>, in place of what stands there; all else is as it
/// was written, comments too. Both base64. Throws Error where it is not a domain XML with that element, or
/// has another policy than the session was made for: no platform would start that guest.
std::string put_session(const std::string& xml, sevcore::Policy policy, const std::string& dh_certificate,
                        const std::string& session);

}  // namespace virtsev::domain_xml
