#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that takes no notice of its power button: whoever pressed it hears of that."""

import time

import fault


class UnansweredShutdown(fault.FaultTest):
    def test_is_said_in_messages_and_log(self):
        self.define()
        # Where it stands still it can't answer, and nobody's init has to be awaited.
        self.daemon.virsh("start", "guest", "--paused")
        self.daemon.virsh("shutdown", "guest")
        self.assertNotIn("asked to shut down", self.daemon.virsh("dominfo", "guest"))
        end = time.monotonic() + 2 * fault.PATIENCE
        while "asked to shut down" not in self.daemon.read_log():
            self.assertLess(time.monotonic(), end, "nobody says that the guest does not answer")
            time.sleep(0.5)
        self.assertIn("asked to shut down", self.daemon.virsh("dominfo", "guest"))


if __name__ == "__main__":
    fault.main()
