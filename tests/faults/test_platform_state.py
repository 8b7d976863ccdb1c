#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a monitor that was taken over can do with what it has of the simulated platform: nothing to others.

With VIRTSEV_OLD_BUILD=DIR, the build (build) of an earlier version, also: its monitors' ASIDs count beside ours."""

import contextlib
import fcntl
import os
import signal
import stat
import struct
import unittest
from unittest import mock

import fault

OLD_BUILD = os.environ.get("VIRTSEV_OLD_BUILD")
FIRST_LOCK = 4096  # In `state`, where there was one: the firmware's queue; the ASIDs lie behind it


class PlatformState(fault.FaultTest):
    def setUp(self):
        super().setUp()
        self.set("launch_timeout = 10")

    def set(self, *lines):
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as file:
            file.write("".join(line + "\n" for line in lines))
        self.restart(signal.SIGTERM)

    def platform_files(self, domain):
        """Descriptors of the monitor that are files of the platform, opened again as the monitor has them."""
        process = self.daemon.monitor(domain)
        for number in os.listdir(f"/proc/{process}/fd"):
            link = f"/proc/{process}/fd/{number}"
            if not os.readlink(link).startswith(f"{self.root}/lib/platform/"):
                continue
            with open(f"/proc/{process}/fdinfo/{number}") as info:
                flags = int(info.read().split("flags:")[1].split()[0], 8)
            file = os.open(link, flags & os.O_ACCMODE)
            self.addCleanup(os.close, file)
            yield file, flags & os.O_ACCMODE

    def start_two(self, spoil):
        self.define("first", policy="0x0001")
        self.define("second", policy="0x0001")
        self.daemon.virsh("start", "first", "--paused")
        for file, access in list(self.platform_files("first")):
            spoil(file, access)
        self.daemon.virsh("start", "second", "--paused")

    def test_what_a_monitor_writes_stops_no_launch(self):
        def spoil(file, access):
            if access != os.O_RDONLY and stat.S_ISREG(os.fstat(file).st_mode):
                os.pwrite(file, b"garbage", 0)
        self.start_two(spoil)

    def test_a_lock_that_a_monitor_holds_keeps_nobody_from_launching(self):
        def spoil(file, access):
            if access != os.O_RDONLY:  # Through others the kernel gives no such lock
                lock = struct.pack("hhlli4x", fcntl.F_WRLCK, os.SEEK_SET, FIRST_LOCK, 1, 0)
                with contextlib.suppress(BlockingIOError):  # It has another descriptor of the same file
                    fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
        self.start_two(spoil)

    def test_an_asid_that_a_monitor_lets_go_of_is_not_given_twice(self):
        """Where the pool has one ASID, the second guest is refused whatever the first one's monitor does."""
        self.set("simulated_sev_asids = 1")
        self.define("first", policy="0x0001")
        self.define("second", policy="0x0001")
        self.daemon.virsh("start", "first", "--paused")
        for round in range(2):
            self.assertIn("no ASID is free", self.daemon.virsh("start", "second", "--paused", fails=True))
            self.restart(signal.SIGKILL)
        self.daemon.virsh("destroy", "first")
        self.daemon.virsh("start", "second", "--paused")


@unittest.skipUnless(OLD_BUILD, "VIRTSEV_OLD_BUILD names no build of an earlier version")
class OldMonitors(PlatformState):
    old = [os.path.join(OLD_BUILD or "", "driver", name) for name in ("daemon/virtsevd", "vmm/virtsev-vmm")]

    def setUp(self):
        with mock.patch.multiple(fault.daemon_process, VIRTSEVD=self.old[0], VMM=self.old[1]):
            super().setUp()
            self.set("simulated_es_asids = 1", "simulated_sev_asids = 2")

    test_what_a_monitor_writes_stops_no_launch = None
    test_a_lock_that_a_monitor_holds_keeps_nobody_from_launching = None
    test_an_asid_that_a_monitor_lets_go_of_is_not_given_twice = None

    def test_their_asids_count_and_they_are_served(self):
        self.define("old")
        self.define("other-old", policy="0x0001")
        self.daemon.virsh("start", "old", "--paused")
        self.daemon.virsh("start", "other-old", "--paused")
        self.restart(signal.SIGKILL)  # From here on, the virtsevd under test
        self.define("new")
        self.define("other-new", policy="0x0001")
        self.define("one-too-many", policy="0x0001")
        self.assertIn("no ASID is free", self.daemon.virsh("start", "new", "--paused", fails=True))
        self.daemon.virsh("start", "other-new", "--paused")
        self.assertIn("no ASID is free", self.daemon.virsh("start", "one-too-many", "--paused", fails=True))
        self.daemon.virsh("resume", "old")
        self.assertEqual("running", self.daemon.virsh("domstate", "old").strip())
        self.daemon.virsh("destroy", "old")
        self.daemon.virsh("start", "new", "--paused")
        self.daemon.virsh("destroy", "other-old")
        self.daemon.virsh("start", "one-too-many", "--paused")


if __name__ == "__main__":
    fault.main()
