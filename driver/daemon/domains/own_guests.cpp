// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/domains/own_guests.hpp"

#include "driver/daemon/domains/domain_list.hpp"

namespace virtsev::daemon {

OwnGuests own_guests(const DomainList& domains) {
  OwnGuests guests;
  domains.for_each([&guests](const DomainPtr& domain) {
    const Run* const run = domain->run.get();
    if (run == nullptr || !run->monitor || run->monitor->over() || !run->definition->launch_security) {
      return;
    }
    const bool es = sevcore::encrypts_state(domain_xml::protection_of(*run->definition));
    ++(es ? guests.es : guests.sev);
  });
  return guests;
}

}  // namespace virtsev::daemon
