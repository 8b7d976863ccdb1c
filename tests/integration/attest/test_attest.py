#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsev attest against a real virtsevd with a simulated platform: the guest runs only where its measurement fits. Guests of
qemu:// take the same path through libvirt: test_attest_qemu.py.

usage: test_attest.py VIRTSEVD VIRTSEV_VMM VIRTSEV DAEMON_TEST_DIRECTORY"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

VIRTSEV = sys.argv[3]
sys.path.insert(0, sys.argv[4])
import test_virtsevd  # noqa: E402 (its Daemon, and what it needs)
from daemon_test import tiny_kernel  # noqa: E402


class AttestTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        self.daemon = test_virtsevd.Daemon(self.root)
        self.uri = f"sev+unix:///system?socket={self.root}/run/virtsevd-sock"
        self.virtsev("platform", "export", "--uri", self.uri, "--out", self.path("platform.cert"))
        self.virtsev("session", "--platform", self.path("platform.cert"), "--policy", "0x5", "--out", self.path("owner"))
        tiny_kernel.write(self.path("kernel"))
        self.xml = self.define("guest", "console=ttyS0")
        self.secret = self.path("key")
        with open(self.secret, "w") as file:
            file.write("the secret")

    def tearDown(self):
        self.daemon.destroy_guests()
        self.daemon.end()
        shutil.rmtree(self.root)

    def path(self, name):
        return os.path.join(self.root, name)

    def virtsev(self, *arguments, status=0):
        done = subprocess.run([VIRTSEV, *arguments], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"},
                              timeout=test_virtsevd.PATIENCE)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def define(self, file, command_line):
        session = {name: pathlib.Path(self.path(f"owner/{name}.b64")).read_text().strip() for name in ("dh_cert", "session")}
        path = self.path(file + ".xml")
        with open(path, "w") as xml:
            xml.write(f"""<domain type='kvm'><name>guest</name><memory unit='MiB'>128</memory><vcpu>2</vcpu>
              <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{self.path('kernel')}</kernel>
              <cmdline>{command_line}</cmdline></os><launchSecurity type='sev'><policy>0x5</policy>
              <dhCert>{session['dh_cert']}</dhCert><session>{session['session']}</session></launchSecurity></domain>""")
        self.daemon.virsh("define", path)
        return path

    def attest(self, *more, status=0, expect=None, policy="0x5", allow=True):
        return self.virtsev("attest", self.uri, "guest", "--expect", expect or self.xml, "--policy", policy,
                            "--tik", self.path("owner/tik.bin"), "--tek", self.path("owner/tek.bin"),
                            *(["--allow-simulated"] if allow else []), *more, status=status)

    def state(self):
        return self.daemon.virsh("domstate", "guest").strip()

    def test_starts_verifies_injects_and_resumes(self):
        shown = self.attest("--secret", f"luks-key={self.secret}")
        self.assertIn("the secret is in", shown)
        self.assertIn("attested and running", shown)
        # Not "running": what the guest does from here on, on this KVM, is its own affair.
        self.assertNotIn("paused", self.state())

    def test_takes_a_digest_for_a_guest_that_is_paused(self):
        self.daemon.virsh("start", "guest", "--paused")
        self.attest(expect=self.virtsev("measure", self.xml).split()[0])
        self.assertNotIn("paused", self.state())

    def test_needs_no_tek_without_a_secret(self):
        self.virtsev("attest", self.uri, "guest", "--expect", self.xml, "--policy", "0x5", "--tik", self.path("owner/tik.bin"),
                     "--allow-simulated")
        self.assertNotIn("paused", self.state())

    def test_destroys_a_guest_that_the_host_has_changed(self):
        self.daemon.virsh("undefine", "guest")
        self.define("changed", "console=ttyS0 init=/bin/sh")
        self.assertIn("NOT fit", self.attest(status=1))
        self.assertEqual("shut off", self.state())

    def test_refuses_a_simulated_platform_before_anything_starts(self):
        self.assertIn("SIMULATED", self.attest(status=3, allow=False))
        self.assertEqual("shut off", self.state())

    def test_asks_the_host_for_nothing_where_the_owner_is_wrong(self):
        self.attest(status=2, policy="0x7")
        self.attest("--secret", "luks-key=/nowhere", status=2)
        self.assertEqual("shut off", self.state())


if __name__ == "__main__":
    reason = test_virtsevd.why_not()
    if reason:
        print("skipped:", reason)
        sys.exit(test_virtsevd.SKIPPED)
    unittest.main(argv=[sys.argv[0], "--verbose"])
