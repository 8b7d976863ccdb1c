#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that runs while what virtsevd knows of it has gone bad: not lost, not started twice, with real processes.

usage: test_takeover.py VIRTSEVD VIRTSEV_VMM"""

import os
import re
import select
import signal

from daemon_process import PATIENCE
from daemon_test import DaemonTest, main


class Takeover(DaemonTest):
    def setUp(self):
        super().setUp()
        self.define()
        self.daemon.virsh("start", "guest", "--paused")
        self.uuid = self.daemon.virsh("domuuid", "guest").strip()
        self.status = f"{self.root}/run/sev/{self.uuid}.status"
        self.monitor = self.daemon.monitor("guest")
        self.pidfd = os.pidfd_open(self.monitor)
        self.addCleanup(os.close, self.pidfd)

    def tearDown(self):
        if not self.has_ended(0):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        super().tearDown()

    def has_ended(self, seconds=PATIENCE):
        return bool(select.select([self.pidfd], [], [], seconds)[0])

    def change_status(self, pattern, replacement):
        """The daemon dies, and what it left is changed before its restart."""
        self.daemon.end(signal.SIGKILL)
        with open(self.status) as file:
            before = file.read()
        after = re.sub(pattern, replacement, before, count=1, flags=re.S)
        self.assertNotEqual(before, after)
        with open(self.status, "w") as file:
            file.write(after)
        self.start_again()

    def start_again(self):
        self.daemon = type(self.daemon)(self.root)

    def uid_of(self, process):
        with open(f"/proc/{process}/status") as file:
            return re.search(r"^Uid:\t(\d+)", file.read(), re.M).group(1)

    def test_one_whose_definition_is_refused_now_is_taken_over(self):
        identity, measurement = self.daemon.virsh("domid", "guest"), self.measurement()
        self.change_status("<policy>0x0005", "<policy>0xffc5")
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())
        self.assertEqual((identity, measurement), (self.daemon.virsh("domid", "guest"), self.measurement()))
        self.assertIn("0xffc5", self.daemon.virsh("dumpxml", "guest"))
        self.assertIn("can't be used any more", self.daemon.virsh("dominfo", "guest"))
        self.assertIn("already active", self.daemon.virsh("start", "guest", fails=True))
        self.assertFalse(self.has_ended(0), "the guest suffered for it")
        self.daemon.virsh("destroy", "guest")
        self.assertTrue(self.has_ended())
        self.daemon.virsh("start", "guest", "--paused")

    def test_one_without_any_definition_is_taken_over(self):
        self.change_status("\n\n.*", "\n\n")
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())
        self.assertIn(self.uuid, self.daemon.virsh("dumpxml", "guest"))
        self.daemon.virsh("destroy", "guest")
        self.assertTrue(self.has_ended())

    def test_one_whose_process_is_not_named_is_never_started_twice(self):
        self.change_status(r"\npid \d+", "\npid none")
        self.assertEqual("shut off", self.daemon.virsh("domstate", "guest").strip())
        for _ in range(2):  # The first refusal must not clear the way for the second
            refusal = self.daemon.virsh("start", "guest", "--paused", fails=True)
            self.assertIn(f"{self.uuid}.sock", refusal)
        self.assertFalse(self.has_ended(0))
        self.define("other")
        self.daemon.virsh("start", "other", "--paused")
        if os.geteuid() == 0:
            self.assertNotEqual(self.uid_of(self.monitor), self.uid_of(self.daemon.monitor("other")))
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        self.assertTrue(self.has_ended())
        self.daemon.virsh("start", "guest", "--paused")


if __name__ == "__main__":
    main()
