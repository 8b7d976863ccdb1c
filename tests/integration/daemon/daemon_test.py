# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of virtsevd as a program have in common."""

import os
import re
import shutil
import sys
import tempfile
import unittest

from daemon_process import SKIPPED, Daemon, why_not

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import tiny_kernel  # noqa: E402


class DaemonTest(unittest.TestCase):
    """Each test has a virtsevd of its own."""

    kernel = None  # What guests are launched with: their file, or one that does nothing

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        self.kernel = self.kernel or tiny_kernel.write(os.path.join(self.root, "kernel"))
        self.daemon = Daemon(self.root)

    def tearDown(self):
        self.daemon.destroy_guests()
        self.daemon.end()
        shutil.rmtree(self.root)

    def restart(self, number):
        self.daemon.end(number)
        self.daemon = Daemon(self.root)

    def define(self, name="guest", policy="0x0005", extra=""):
        path = os.path.join(self.root, name + ".xml")
        with open(path, "w") as xml:
            xml.write(f"""<domain type='kvm'><name>{name}</name><memory unit='MiB'>128</memory><vcpu>2</vcpu>
              <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{self.kernel}</kernel><cmdline>console=ttyS0</cmdline></os>
              <devices><serial type='pty'/><console type='pty'/></devices>{extra}
              <launchSecurity type='sev'><policy>{policy}</policy></launchSecurity></domain>""")
        self.daemon.virsh("define", path)

    def measurement(self):
        return re.search(r"sev-measurement: (\S+)", self.daemon.virsh("domlaunchsecinfo", "guest")).group(1)


def main(guests=True):
    reason = why_not(guests)
    if reason:
        print("skipped:", reason)
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], "--verbose"])
