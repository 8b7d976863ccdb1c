#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A monitor that stands still is not a dead one: its guest stays, questions are answered, and it is found again."""

import os
import signal
import subprocess
import time

import fault

SOON = 30  # s: 2 are promised, and the machine may be slow


class StoppedMonitor(fault.FaultTest):
    request_timeout = 8  # s

    def setUp(self):
        super().setUp()
        self.daemon.end()
        os.makedirs(os.path.join(self.root, "etc"), exist_ok=True)
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as conf:
            conf.write(f"request_timeout = {self.request_timeout}\n")
        self.daemon = fault.Daemon(self.root)
        self.define()
        self.daemon.virsh("start", "guest", "--paused")
        self.daemon.virsh("dommemstat", "guest")
        self.monitor = self.daemon.monitor("guest")

    def tearDown(self):
        self.signal(signal.SIGCONT)
        super().tearDown()

    def signal(self, number):
        try:
            os.kill(self.monitor, number)
        except ProcessLookupError:
            pass

    def wait_for(self, holds, what):
        end = time.monotonic() + fault.PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), end, what + "\n" + self.daemon.read_log())
            time.sleep(0.1)

    def state(self):
        return self.daemon.virsh("domstate", "guest").strip()


class LateMonitor(StoppedMonitor):
    def test_a_question_ends_no_guest(self):
        self.signal(signal.SIGSTOP)
        start = time.monotonic()
        stats = self.daemon.virsh("domstats", "guest", read_only=True)
        memory = self.daemon.virsh("dommemstat", "guest", read_only=True)
        info = self.daemon.virsh("dominfo", "guest", read_only=True)
        self.assertLess(time.monotonic() - start, SOON)
        self.wait_for(lambda: "not answer" in self.daemon.read_log() or self.state() != "paused",
                      "nothing became of the unanswered question")
        self.assertEqual(self.state(), "paused")
        self.assertIn("occupied", self.daemon.virsh("domcontrol", "guest", read_only=True))
        self.assertIn("has not answered", self.daemon.virsh("dominfo", "guest"))
        self.assertIn("cpu.time", stats)
        self.assertIn("balloon.rss", stats)
        self.assertIn("rss", memory)
        self.assertIn("paused", info)
        self.signal(signal.SIGCONT)
        self.wait_for(lambda: "ok" in self.daemon.virsh("domcontrol", "guest"), "it never answers again")
        self.daemon.virsh("resume", "guest")

    def test_a_call_fails_and_is_made_up_for_later(self):
        self.daemon.virsh("resume", "guest")
        self.signal(signal.SIGSTOP)
        self.assertIn("did not answer", self.daemon.virsh("suspend", "guest", fails=True))
        self.assertEqual(self.state(), "running")
        self.signal(signal.SIGCONT)
        self.wait_for(lambda: self.state() == "paused", "it was suspended too late, and nobody noticed")
        self.daemon.virsh("resume", "guest")

    def test_the_next_daemon_keeps_it(self):
        self.signal(signal.SIGSTOP)
        self.restart(signal.SIGKILL)
        self.wait_for(lambda: "not answer" in self.daemon.read_log(), "the next daemon says nothing of it")
        self.assertEqual(self.state(), "paused")
        self.signal(signal.SIGCONT)
        self.wait_for(lambda: "ok" in self.daemon.virsh("domcontrol", "guest"), "it never answers again")
        self.daemon.virsh("resume", "guest")
        self.assertEqual(self.daemon.monitor("guest"), self.monitor)


class Destroy(StoppedMonitor):
    request_timeout = 600  # Longer than anybody waits here

    def test_destroy_waits_for_nobody(self):
        self.signal(signal.SIGSTOP)
        resume = subprocess.Popen(["virsh", "-c", self.daemon.uri(), "resume", "guest"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        self.addCleanup(resume.communicate)
        self.addCleanup(resume.kill)
        self.wait_for(lambda: "occupied" in self.daemon.virsh("domcontrol", "guest", read_only=True),
                      "a call under way is not said by domcontrol")
        start = time.monotonic()
        self.daemon.virsh("destroy", "guest")
        self.assertLess(time.monotonic() - start, SOON)
        resume.wait(fault.PATIENCE)
        self.assertEqual(self.state(), "shut off")


if __name__ == "__main__":
    fault.main()
