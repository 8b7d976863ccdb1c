#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsev-vmm from exec to ready to run: CPU time without firmware time, and memory beside the guest's own.

CPU time is that of all its threads when the start is answered, fork and exec in virtsevd included. From it goes what the software firmware
takes for the same launch in a process of its own (bench program simulated-firmware). Memory is private memory: what one more guest costs.
PSS, with its share of what all monitors map, and RSS are shown beside it."""

import sys

import bench_host

CPU_BUDGET_MS = 10
MEMORY_BUDGET_MIB = 6


def main():
    parser = bench_host.parse(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="the best of so many counts (%(default)s)")
    arguments = parser.parse_args()
    bench_host.need_kvm()
    figures = bench_host.Figures()
    with bench_host.Host(arguments.build) as host:
        for name, policy, vcpus in (("sev", "0x1", 1), ("sev-es", "0x5", 1), ("sev-es-4", "0x5", 4)):
            kernel = host.kernel(arguments)
            xml = host.define(name, kernel, vcpus, policy)
            kib = host.measured_bytes(xml) >> 10
            total, firmware = [], []
            for _ in range(arguments.rounds):
                host.virsh("start", "--paused", name)
                monitor = host.monitor(name)
                total.append(bench_host.cpu_ms(monitor))
                memory = bench_host.memory_kib(monitor)
                host.virsh("destroy", name)
                firmware.append(float(host.program("tests/bench/simulated-firmware", host.root / "lib/platform", str(kib), policy)))
            what = f"{'SEV-ES' if policy == '0x5' else 'SEV'}, {vcpus} vCPU, {kib} KiB measured"
            print(f"{what}: {min(total):.1f} ms of CPU, {min(firmware):.1f} ms of it in the firmware")
            figures.show("  CPU time from exec to ready, without firmware", min(total) - min(firmware), "ms", CPU_BUDGET_MS, limit=2)
            figures.show("  private memory", memory["private"] / 1024, "MiB", MEMORY_BUDGET_MIB, limit=1)
            figures.show("  PSS", memory["pss"] / 1024, "MiB")
            figures.show("  RSS", memory["rss"] / 1024, "MiB")
    return figures.status()


if __name__ == "__main__":
    sys.exit(main())
