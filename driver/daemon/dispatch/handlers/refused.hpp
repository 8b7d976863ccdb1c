// SPDX-License-Identifier: LGPL-2.1-or-later
// What other drivers do and virtsev does not: NO_SUPPORT, which tools understand, with the call's name and
// what virtsev does not have.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

[[noreturn]] void refuse_saving(Request& request);
[[noreturn]] void refuse_snapshots(Request& request);
[[noreturn]] void refuse_vcpu_change(Request& request);
[[noreturn]] void refuse_device_change(Request& request);
[[noreturn]] void refuse_pinning(Request& request);
[[noreturn]] void refuse_tuning(Request& request);
[[noreturn]] void refuse_io_threads(Request& request);
[[noreturn]] void refuse_balloon(Request& request);
[[noreturn]] void refuse_migration(Request& request);
[[noreturn]] void refuse_job_flags(Request& request);
[[noreturn]] void refuse_autostart_once(Request& request);
[[noreturn]] void refuse_passed_files(Request& request);
[[noreturn]] void refuse_screen(Request& request);
[[noreturn]] void refuse_agent(Request& request);
[[noreturn]] void refuse_disks(Request& request);
[[noreturn]] void refuse_interfaces(Request& request);
[[noreturn]] void refuse_sleep(Request& request);
[[noreturn]] void refuse_interrupt(Request& request);
[[noreturn]] void refuse_native_formats(Request& request);
[[noreturn]] void refuse_cpu_models(Request& request);
[[noreturn]] void refuse_host_facts(Request& request);
[[noreturn]] void refuse_old_events(Request& request);
[[noreturn]] void refuse_networks(Request& request);
[[noreturn]] void refuse_host_interfaces(Request& request);
[[noreturn]] void refuse_filters(Request& request);
[[noreturn]] void refuse_storage(Request& request);
[[noreturn]] void refuse_host_devices(Request& request);
[[noreturn]] void refuse_secrets(Request& request);
[[noreturn]] void refuse_sasl(Request& request);

}  // namespace virtsev::daemon::dispatch
