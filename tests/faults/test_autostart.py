#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtsevd that dies while domains start with the host leaves the rest of them to the next one."""

import os
import signal
import time

import fault

NAMES = ["one", "two", "three"]


class Autostart(fault.FaultTest):
    def running(self):
        return self.daemon.virsh("list", "--name", "--state-running").split()

    def test_a_start_that_was_cut_off_is_made_up_for(self):
        for name in NAMES:
            self.define(name)
            self.daemon.virsh("autostart", name)
        self.daemon.end()
        # As after the host's boot: none has had its start yet.
        os.unlink(os.path.join(self.root, "run/sev/autostarted"))
        self.daemon = fault.Daemon(self.root)  # Ready when the starts have begun
        self.restart(signal.SIGKILL)
        end = time.monotonic() + fault.PATIENCE
        while sorted(self.running()) != sorted(NAMES):
            self.assertLess(time.monotonic(), end, f"only {self.running()} run, of {NAMES}")
            time.sleep(0.2)
        self.daemon.virsh("destroy", "one")
        self.restart(signal.SIGKILL)
        self.assertEqual(self.daemon.virsh("domstate", "one").strip(), "shut off", "each starts once for each boot")


if __name__ == "__main__":
    fault.main()
