#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Monitors of root have a user id each, on the whole host: two of one uid could kill each other."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import fault
from fault import Daemon


@unittest.skipUnless(os.geteuid() == 0, "only root's monitors have user ids of their own")
class MonitorUids(fault.FaultTest):
    @staticmethod
    def uid_of(process):
        with open(f"/proc/{process}/status") as status:
            return int(re.search(r"^Uid:\t(\d+)", status.read(), re.M).group(1))

    def started(self):
        """The uid of a guest of self.daemon."""
        self.define(policy="0x0001")
        self.daemon.virsh("start", "guest", "--paused")
        return self.uid_of(self.daemon.monitor("guest"))

    def test_two_daemons_give_two(self):
        first = self.started()
        mine = self.root, self.daemon
        try:
            self.root = tempfile.mkdtemp(prefix="virtsevd-other-")
            self.daemon = Daemon(self.root)
            second = self.started()
            self.daemon.destroy_guests()
            self.daemon.end()
            shutil.rmtree(self.root)
        finally:
            self.root, self.daemon = mine
        self.assertNotEqual(first, second)

    def test_one_under_which_a_process_runs_is_not_given(self):
        taken = self.started()
        self.daemon.virsh("destroy", "guest")
        with subprocess.Popen(["sleep", "1000"], user=taken, group=taken) as other:
            try:
                self.daemon.virsh("start", "guest", "--paused")
                self.assertNotEqual(taken, self.uid_of(self.daemon.monitor("guest")))
            finally:
                other.kill()


if __name__ == "__main__":
    fault.main()
