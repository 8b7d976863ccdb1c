#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`virsh start --paused` and `virsh destroy`, whole commands: wall time, the best of some rounds. What an empty virsh command takes
(`virsh uri`) is shown, too, because it is in both."""

import sys
import time

import bench_host

START_BUDGET_MS = 100
DESTROY_BUDGET_MS = 60


def main():
    parser = bench_host.parse(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="the best of so many counts (%(default)s)")
    arguments = parser.parse_args()
    bench_host.need_kvm()
    figures = bench_host.Figures()
    with bench_host.Host(arguments.build) as host:
        host.define("guest", host.kernel(arguments), 2, "0x5")

        def milliseconds(*words):
            begin = time.perf_counter()
            host.virsh(*words)
            return (time.perf_counter() - begin) * 1e3

        rounds = [(milliseconds("uri"), milliseconds("start", "--paused", "guest"), milliseconds("destroy", "guest"))
                  for _ in range(arguments.rounds)]
    empty, start, destroy = (min(column) for column in zip(*rounds))
    figures.show("virsh uri", empty, "ms")
    figures.show("virsh start --paused", start, "ms", START_BUDGET_MS)
    figures.show("virsh destroy", destroy, "ms", DESTROY_BUDGET_MS)
    return figures.status()


if __name__ == "__main__":
    sys.exit(main())
