#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where SEV-SNP is initialised, firmware of 2025 runs no SEV-ES guests: said beforehand, with the cure. Needs no /dev/kvm."""

import os
import shutil
import signal
import tempfile
import unittest

import fault

NO_ES = "runs no SEV-ES guests while SEV-SNP is initialised"


@unittest.skipIf(shutil.which("virsh") is None, "virsh is not installed")
class SevEsBesideSnp(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        os.makedirs(os.path.join(self.root, "etc"))
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as file:
            file.write("simulated_snp = 1\n")
        self.daemon = fault.Daemon(self.root)
        kernel = os.path.join(self.root, "kernel")
        with open(kernel, "wb") as file:
            file.write(bytes(4096))
        self.daemon.define_text(f"""<domain type='kvm'><name>guest</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
          <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel></os>
          <launchSecurity type='sev'><policy>0x0005</policy></launchSecurity></domain>""")

    def tearDown(self):
        self.daemon.end(signal.SIGTERM)
        shutil.rmtree(self.root)

    def test_a_start_is_refused_with_the_cause_and_the_cure(self):
        said = self.daemon.virsh("start", "guest", fails=True)
        self.assertIn(NO_ES, said)
        self.assertIn("sev=nosnp (Linux 6.13 and later", said)
        self.assertIn("policy without the ES bit", said)
        self.assertNotIn("update", said)

    def test_the_hosts_answers_say_it_before(self):
        capabilities = self.daemon.virsh("domcapabilities")
        self.assertIn("<sev supported='yes'>", capabilities)
        self.assertNotIn("<maxESGuests>", capabilities)
        self.assertIn(NO_ES, capabilities)
        information = self.daemon.virsh("nodesevinfo")
        self.assertRegex(information, r"max-es-guests *: 0")
        self.assertRegex(information, "virtsev-es-problem *: .*" + NO_ES)
        self.assertRegex(information, r"virtsev-asids *: 0 of 410 in use by this virtsevd's guests, others unknown")


if __name__ == "__main__":
    fault.main(guests=False)
