#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A thousand defined domains are no burden: memory, and the time of what every client asks, over the wire. The numbers are printed;
the limits are on virtsevd's CPU time, which does not depend on what else the machine does.

usage: test_scale.py VIRTSEVD VIRTSEV_VMM"""

import os
import pathlib
import re
import time
import uuid

from daemon_process import Daemon
from daemon_test import DaemonTest, main

DOMAINS = 1000
# The budgets of the design.
IDLE_KB = 12 * 1024
DOMAIN_KB = 50
LIST_SECONDS = 0.5
STATISTICS_SECONDS = 2


class Scale(DaemonTest):
    def resident_kb(self):
        """Private memory: pages of libraries that other processes share are nobody's burden."""
        with open(f"/proc/{self.daemon.process.pid}/smaps_rollup") as file:
            fields = dict(re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M))
        return int(fields["Private_Clean"]) + int(fields["Private_Dirty"])

    def total_kb(self):
        with open(f"/proc/{self.daemon.process.pid}/status") as file:
            return int(re.search(r"^VmRSS:\s+(\d+)", file.read(), re.M).group(1))

    def timed(self, *command):
        begin, before = time.monotonic(), self.cpu_seconds()
        output = self.daemon.virsh(*command)
        seconds = self.cpu_seconds() - before
        print(f"virsh {' '.join(command)}: {(time.monotonic() - begin) * 1000:.0f} ms, virsh's start too; virtsevd's CPU {seconds * 1000:.0f} ms",
              flush=True)
        return output, seconds

    def cpu_seconds(self):
        with open(f"/proc/{self.daemon.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_a_thousand_domains(self):
        self.daemon.virsh("list", "--all")
        idle, idle_total = self.resident_kb(), self.total_kb()
        self.define("guest-0")
        with open(f"{self.root}/etc/sev/guest-0.xml") as file:
            document = file.read()
        own = re.search("<uuid>(.*)</uuid>", document).group(1)
        for number in range(1, DOMAINS):
            with open(f"{self.root}/etc/sev/guest-{number}.xml", "w") as file:
                file.write(document.replace("guest-0", f"guest-{number}").replace(own, str(uuid.uuid4())))
        self.daemon.end()
        begin = time.monotonic()
        self.daemon = Daemon(self.root)
        print(f"start with {DOMAINS} domains: {(time.monotonic() - begin) * 1000:.0f} ms", flush=True)

        listed, list_seconds = self.timed("list", "--all", "--name")
        self.assertEqual(DOMAINS, len(listed.split()))
        statistics, statistics_seconds = self.timed("domstats")
        self.assertEqual(DOMAINS, statistics.count("Domain: "))
        each = (self.resident_kb() - idle) / DOMAINS
        print(f"memory: {idle} kB idle of its own ({idle_total} kB with shared pages), {each:.1f} kB for each defined domain",
              flush=True)
        self.assertLess(list_seconds, LIST_SECONDS)
        self.assertLess(statistics_seconds, STATISTICS_SECONDS)
        if not self.is_sanitized():
            self.assertLess(idle, IDLE_KB)
            self.assertLess(each, DOMAIN_KB)

    def is_sanitized(self):
        return b"__asan_init" in pathlib.Path(f"/proc/{self.daemon.process.pid}/exe").read_bytes()


if __name__ == "__main__":
    main(guests=False)
