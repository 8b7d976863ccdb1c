// SPDX-License-Identifier: LGPL-2.1-or-later
// The host has booted: the domains that start with it.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include "driver/daemon/lifecycle/autostart_mark.hpp"
#include "driver/daemon/lifecycle/boot_id.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"

namespace virtsev::daemon {

// One that an earlier daemon left running, or in the middle of its start, is looked at when its turn has
// come: until then it is not known what became of it.
asio::awaitable<void> Lifecycle::autostart(Lifecycle* self, DomainPtr domain,
                                           std::shared_ptr<AutostartMark> mark) {
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  try {
    if (!domain->active() && domain->definition) {
      co_await self->start(domain, domain->definition, StartOptions{});
    }
  } catch (const std::exception&) {
    // start() has logged it
  }
  mark->set_done(domain->uuid);
}

void Lifecycle::autostart_all() {
  const auto mark = std::make_shared<AutostartMark>(context_.layout.state + "/autostarted", boot_id());
  if (mark->over()) {
    return;
  }
  const auto open = std::make_shared<std::size_t>(1);
  const auto one_less = [mark, open] {
    if (--*open == 0) {
      mark->set_over();
    }
  };
  context_.domains.for_each([this, mark, open, one_less](const DomainPtr& domain) {
    if (domain->autostart && domain->definition && !mark->done(domain->uuid)) {
      ++*open;
      asio::co_spawn(context_.io, autostart(this, domain, mark),
                     [one_less](const std::exception_ptr&) { one_less(); });
    }
  });
  one_less();
}

}  // namespace virtsev::daemon
