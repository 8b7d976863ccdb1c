// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/domains/flags.hpp"

#include <libvirt/libvirt.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

void require_active(const Domain& domain) {
  if (!domain.active()) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain is not running"));
  }
}

void check_name(const std::string& name) {
  constexpr std::size_t kMaxBytes = 200;  // NAME.xml and the like have to fit into a file's name
  bool good = !name.empty() && name.size() <= kMaxBytes && name.front() != '.';
  for (const char c : name) {
    good = good && c != '/' && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  }
  if (!good) {
    throw Error(ErrorCode::kXmlError,
                text("a domain's name has 1 to {} bytes, none of them '/' or a control character, and does "
                     "not begin with a dot",
                     kMaxBytes));
  }
}

Impact impact_of(std::uint32_t flags, const Domain& domain) {
  Impact impact{(flags & VIR_DOMAIN_AFFECT_LIVE) != 0, (flags & VIR_DOMAIN_AFFECT_CONFIG) != 0};
  if (!impact.live && !impact.config) {
    impact.live = domain.active();
    impact.config = !domain.active();
  }
  if (impact.live) {
    require_active(domain);
  }
  if (impact.config && !domain.persistent) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("Requested operation is not valid: transient domains do not have any persistent config"));
  }
  if (impact.config && !domain.definition) {
    throw Error(ErrorCode::kOperationFailed, text("the stored definition of domain '{}' can't be used: {}",
                                                  domain.name, domain.stored_problem));
  }
  return impact;
}

}  // namespace virtsev::daemon
