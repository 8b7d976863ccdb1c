#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units of virtsevd: systemd takes them as they are, a guest's end by the OOM killer is not the daemon's, and each
line that takes something away says why."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from fault import BUILD, main

UNITS = ("virtsevd.service", "virtsevd.socket", "virtsevd-ro.socket")
MOST_EXPOSED = 5.0  # Of 10, as systemd-analyze counts; without the hardening it is 9.6. Guests' networks take 0.9 of it


def read(unit):
    with open(os.path.join(BUILD, "driver/daemon/systemd", unit)) as file:
        return file.read()


class ServiceUnits(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="virtsevd-units-")
        self.addCleanup(shutil.rmtree, self.directory)
        for unit in UNITS:
            with open(os.path.join(self.directory, unit), "w") as file:
                # The program need not be installed.
                file.write(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", read(unit), flags=re.M))

    def analyze(self, *arguments):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        return subprocess.run(["systemd-analyze", *arguments], cwd=self.directory, capture_output=True, text=True, timeout=60,
                              check=False)

    def test_a_guest_that_is_ended_for_memory_takes_no_daemon_with_it(self):
        service = read("virtsevd.service")
        self.assertRegex(service, r"(?m)^OOMPolicy=continue$")
        self.assertRegex(service, r"(?m)^KillMode=process$")
        self.assertNotRegex(service, r"(?m)^Delegate=")

    def test_systemd_takes_them_as_they_are(self):
        done = self.analyze("verify", *("./" + unit for unit in UNITS))
        self.assertEqual((0, ""), (done.returncode, done.stdout + done.stderr))

    def test_they_take_away_what_no_guest_needs(self):
        done = self.analyze("security", "--offline=true", "--no-pager", "./virtsevd.service")
        exposure = re.search(r"exposure level for virtsevd.service: ([\d.]+)", done.stdout)
        self.assertIsNotNone(exposure, done.stdout + done.stderr)
        self.assertLessEqual(float(exposure.group(1)), MOST_EXPOSED)

    def test_users_files_and_devices_stay_in_sight(self):
        service = read("virtsevd.service")
        for taken in ("ProtectHome", "PrivateTmp", "PrivateDevices", "DeviceAllow", "DevicePolicy", "ProtectKernelModules", "ProtectClock",
                      "PrivateUsers", "RootDirectory"):
            self.assertNotRegex(service, rf"(?m)^{taken}=", "a guest's kernel, dump or device may be out of reach")

    def test_each_line_of_them_has_its_reason(self):
        hardening = read("virtsevd.service").split("TasksMax=", 1)[1].split("[Install]")[0]
        blocks = re.findall(r"(?m)((?:^#.*\n)*)((?:^[A-Z]\w+=.*\n)+)", hardening)
        self.assertGreater(len(blocks), 8, hardening)
        for comment, lines in blocks:
            self.assertNotEqual("", comment, lines)


if __name__ == "__main__":
    main(guests=False)
