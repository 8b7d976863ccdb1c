#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A launch that takes long says how far it is, takes as long as it goes on, and can be given up."""

import os
import re
import signal
import subprocess
import time

import fault


class LargeLaunch(fault.FaultTest):
    def configure(self, **settings):
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.restart(signal.SIGTERM)

    def start_in_background(self):
        command = ["virsh", "-c", self.daemon.uri(), "start", "--paused", "guest"]
        start = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(start.wait)
        self.addCleanup(start.kill)
        return start

    def job_under_way(self, start):
        """What domjobinfo says once something is done, as numbers of bytes: processed, total."""
        deadline = time.monotonic() + fault.PATIENCE
        while time.monotonic() < deadline:
            self.assertIsNone(start.poll(), "the launch was over before domjobinfo said anything of it: " + self.daemon.read_log())
            done = subprocess.run(["virsh", "-c", self.daemon.uri(), "domjobinfo", "--rawstats", "guest"], capture_output=True, text=True,
                                  timeout=fault.PATIENCE)
            numbers = dict(re.findall(r"^(\S+): (\d+)$", done.stdout, re.M))
            if int(numbers.get("data_processed", 0)) > 0:
                return int(numbers["data_processed"]), int(numbers["data_total"])
        self.fail("domjobinfo says nothing: " + done.stdout + done.stderr)

    def test_a_launch_that_goes_on_may_take_longer_than_launch_timeout(self):
        # The firmware takes more than 10 s for the kernel's 7 MiB and more, 3 s for each command: 2 MiB at most.
        self.assertGreater(os.path.getsize(fault.KERNEL), 7 << 20)
        self.configure(firmware_delay=1500, launch_timeout=10)
        self.define()
        begin = time.monotonic()
        start = self.start_in_background()
        processed, total = self.job_under_way(start)
        self.assertGreaterEqual(processed, 128 << 20, "all memory is registered first")
        self.assertGreater(total, (128 << 20) + (7 << 20))
        self.assertRegex(self.daemon.virsh("domjobinfo", "guest"), r"Operation: +Start")
        self.assertEqual(start.wait(fault.PATIENCE), 0, self.daemon.read_log())
        self.assertGreater(time.monotonic() - begin, 10)
        self.assertRegex(self.daemon.virsh("domjobinfo", "guest"), r"Job type: +None")

    def test_destroy_gives_up_a_launch_in_the_middle_of_a_long_command(self):
        self.configure(firmware_delay=60000)
        self.define()
        start = self.start_in_background()
        self.job_under_way(start)
        begin = time.monotonic()
        self.daemon.virsh("destroy", "guest")
        self.assertNotEqual(start.wait(fault.PATIENCE), 0)
        self.assertLess(time.monotonic() - begin, 30, "a command takes two minutes")
        self.assertEqual(self.daemon.virsh("domstate", "guest").strip(), "shut off")

    def test_domjobabort_gives_up_a_launch_and_leaves_nothing(self):
        self.configure(firmware_delay=60000)
        self.define()
        before = sorted(os.listdir(os.path.join(self.root, "run/sev")))
        start = self.start_in_background()
        self.job_under_way(start)
        self.daemon.virsh("domjobabort", "guest")
        self.assertNotEqual(start.wait(fault.PATIENCE), 0)
        self.assertEqual(self.daemon.virsh("domstate", "guest").strip(), "shut off")
        self.assertEqual(before, sorted(os.listdir(os.path.join(self.root, "run/sev"))))
        self.assertIn("domain is not running", self.daemon.virsh("domjobabort", "guest", fails=True))

    def test_a_launch_that_stands_still_ends_with_what_was_done(self):
        self.configure(firmware_delay=60000, launch_timeout=3)
        self.define()
        said = self.daemon.virsh("start", "--paused", "guest", fails=True)
        self.assertRegex(said, r"did not go on for 3 s .*\d+ of \d+ MiB were done")


if __name__ == "__main__":
    fault.main()
