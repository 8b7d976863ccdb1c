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
