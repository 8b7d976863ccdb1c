#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsevd is killed while it launches a guest again: the next one does so too."""

import os
import signal
import time

import fault
from fault import PATIENCE


class Relaunches(fault.FaultTest):
    kernel = fault.KERNEL  # Of some MiB

    def setUp(self):
        super().setUp()
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as file:
            file.write("firmware_delay = 300\n")  # So a launch takes some seconds
        self.restart(signal.SIGTERM)

    def wait_for(self, what, holds):
        end = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), end, f"{what}\n{self.daemon.read_log()}")
            time.sleep(0.05)

    def state(self):
        return self.daemon.virsh("domstate", "guest").strip()

    def test_a_guest_whose_relaunch_was_cut_off_is_not_lost(self):
        self.define(policy="0x0001")
        self.daemon.virsh("start", "guest", "--paused")
        first = self.daemon.monitor("guest")
        self.daemon.virsh("reset", "guest")
        self.wait_for("no new monitor", lambda: self.daemon.monitor("guest") != first)
        self.restart(signal.SIGKILL)
        self.wait_for("it is launched for ever", lambda: self.state() in ("running", "shut off"))
        self.assertEqual("running", self.state())


if __name__ == "__main__":
    fault.main()
