#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory of virtsevd: idle, for each defined domain, for each running domain. Idle is PSS (what it shares with other programs, divided
among them) after one guest has come and gone. The rest are differences of anonymous memory over many domains: defined ones after a
restart of virtsevd, which reads them all again; running ones after the first few, which set up what all of them use."""

import sys

import bench_host

IDLE_BUDGET_MIB = 12
DEFINED_BUDGET_KIB = 50
RUNNING_BUDGET_KIB = 1024
WARM = 5


def main():
    parser = bench_host.parse(__doc__)
    parser.add_argument("--defined", type=int, default=60, help="so many domains are defined (%(default)s)")
    parser.add_argument("--running", type=int, default=60, help="so many of them run (%(default)s)")
    arguments = parser.parse_args()
    bench_host.need_kvm()
    figures = bench_host.Figures()
    with bench_host.Host(arguments.build) as host:
        kernel = host.kernel(arguments)
        # What is set up once belongs to idle: the platform's identity, the first definition, the first start.
        host.define("warm", kernel)
        host.virsh("start", "--paused", "warm")
        host.virsh("destroy", "warm")

        figures.show("virtsevd, idle (PSS)", bench_host.memory_kib(host.pid)["pss"] / 1024, "MiB", IDLE_BUDGET_MIB, limit=1)

        def anonymous():
            return bench_host.memory_kib(host.pid)["anonymous"]

        def anonymous_after_restart():
            host.end()
            host.begin()
            host.virsh("list", "--all")
            return anonymous()

        empty = anonymous_after_restart()
        host.define_many([f"guest{number}" for number in range(arguments.defined)], kernel)
        defined = anonymous_after_restart()
        figures.show(f"each of {arguments.defined} defined domains", (defined - empty) / arguments.defined, "KiB", DEFINED_BUDGET_KIB, limit=1)
        first = anonymous()
        for number in range(arguments.running):
            host.virsh("start", "--paused", f"guest{number}")
            if number < WARM:
                first = anonymous()
        figures.show(f"each of {arguments.running - WARM} running domains, after the first {WARM}",
                     (anonymous() - first) / (arguments.running - WARM), "KiB", RUNNING_BUDGET_KIB, limit=1)
    return figures.status()


if __name__ == "__main__":
    sys.exit(main())
