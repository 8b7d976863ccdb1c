#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes that a direct Linux boot has measured: all of it, and what virtsev adds to the owner's kernel, initrd and command line. No guest is
started. The budget (128 KiB and the VMSAs) is for what virtsev adds: direct boot measures the owner's files whole."""

import collections
import json
import pathlib
import subprocess
import sys

import bench_host

BUDGET_KIB = 128
OWNERS = ("kernel", "initrd", "command line")


def main():
    arguments = bench_host.parse(__doc__).parse_args()
    kernel = arguments.kernel or pathlib.Path(arguments.build, "tests/bench/small-kernel.bin")
    figures = bench_host.Figures()
    initrd = pathlib.Path(arguments.build, "tests/bench/small-initrd.bin")  # One file for both is refused
    initrd.write_bytes(kernel.read_bytes())
    for vcpus in (1, 64):
        done = subprocess.run([pathlib.Path(arguments.build, "driver/cli/virtsev"), "explain", "--json", "--policy", "0x5", "--vcpus", str(vcpus),
                               "--kernel", kernel, "--initrd", initrd, "--cmdline", "console=ttyS0"], capture_output=True, text=True, check=True)
        sizes = collections.Counter()
        for region in json.loads(done.stdout)["regions"]:
            if region["type"] not in bench_host.UNMEASURED:
                sizes[region["name"]] += region["size"]
        vmsas = sum(size for name, size in sizes.items() if name.startswith("VMSA"))
        ours = sum(size for name, size in sizes.items() if not name.startswith(OWNERS)) - vmsas
        print(f"{vcpus} vCPU: " + ", ".join(f"{name} {size >> 10} KiB" for name, size in sizes.items() if not name.startswith((*OWNERS, "VMSA"))))
        figures.show("  measured beside kernel, initrd, command line and VMSAs", ours / 1024, "KiB", BUDGET_KIB, limit=1)
        figures.show("  VMSAs", vmsas / 1024, "KiB")
        figures.show("  all, with the owner's files", sum(sizes.values()) / 1024, "KiB")
    return figures.status()


if __name__ == "__main__":
    sys.exit(main())
