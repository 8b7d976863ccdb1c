#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many guests started at once (paused), each by a client of its own, on a platform whose firmware takes as long as told, one command after
the other: the whole should take the firmware's time and no more, and no guest should cost more for being one of many."""

import concurrent.futures
import subprocess
import sys
import time

import bench_host


def start_all(host, names):
    """Wall time in seconds, CPU times of the monitors in milliseconds."""
    command = ["virsh", "-q", "-c", host.uri, "start", "--paused"]
    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: subprocess.run([*command, name], env=host.environment, check=True), names))
    wall = time.perf_counter() - begin
    return wall, [bench_host.cpu_ms(host.monitor(name)) for name in names]


def main():
    parser = bench_host.parse(__doc__)
    parser.add_argument("--guests", type=int, default=50, help="so many (%(default)s)")
    parser.add_argument("--firmware-ms", type=float, default=100, help="the firmware's time for each guest (%(default)s)")
    arguments = parser.parse_args()
    bench_host.need_kvm()
    figures = bench_host.Figures()
    with bench_host.Host(arguments.build) as host:
        kernel = host.kernel(arguments)
        mib = host.measured_bytes(host.write_xml("probe", kernel)) / (1 << 20)
    delay = round(arguments.firmware_ms / mib)
    with bench_host.Host(arguments.build, firmware_delay_ms_per_mib=delay) as host:
        names = [f"guest{number}" for number in range(arguments.guests)]
        host.define_many(["alone", *names], kernel)
        alone_wall, (alone_cpu,) = start_all(host, ["alone"])
        wall, cpu = start_all(host, names)
        running = len(host.virsh("list", "--name").split())
    firmware = delay * mib * arguments.guests / 1e3
    figures.show("one guest, wall time", alone_wall * 1e3, "ms")
    figures.show(f"{arguments.guests} guests, wall time", wall, "s", firmware)
    figures.show("  of it beside the firmware's, for each guest", (wall - firmware) / arguments.guests * 1e3, "ms")
    figures.show("  CPU time of a monitor, median, against one alone", sorted(cpu)[len(cpu) // 2] / alone_cpu, "times", 1, limit=3)
    if wall < firmware:
        print("the guests took less than their firmware: its delay was not applied")
        return 1
    if running != arguments.guests + 1:
        print(f"only {running} of {arguments.guests + 1} guests run")
        return 1
    return figures.status()


if __name__ == "__main__":
    sys.exit(main())
