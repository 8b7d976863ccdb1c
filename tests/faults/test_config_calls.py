#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock virsh changes single settings of a stored definition, and a console's log can lie where its user wants it.
Needs no /dev/kvm."""

import shutil
import tempfile
import unittest

from fault import Daemon, main

DOCUMENT = """<domain type='kvm'>
  <name>guest</name>
  <memory unit='MiB'>128</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>/boot/vmlinuz</kernel></os>
  <devices><serial type='pty'>{log}</serial></devices>
  <launchSecurity type='sev'><policy>0x0007</policy></launchSecurity>
</domain>
"""


class ConfigCalls(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        self.daemon = Daemon(self.root)

    def tearDown(self):
        self.daemon.end()
        shutil.rmtree(self.root)

    def test_change_the_stored_definition(self):
        self.daemon.define_text(DOCUMENT.format(log=""))
        for command, piece in (
                (("setvcpus", "guest", "4", "--config"), "<vcpu placement='static'>4</vcpu>"),
                (("setvcpus", "guest", "1", "--config", "--maximum"), "<vcpu placement='static'>1</vcpu>"),
                (("setmaxmem", "guest", "256M", "--config"), "<memory unit='KiB'>262144</memory>"),
                (("setmaxmem", "guest", "192M"), "<memory unit='KiB'>196608</memory>"),
                (("setmem", "guest", "100M", "--config"), "<currentMemory unit='KiB'>102400</currentMemory>"),
                (("set-lifecycle-action", "guest", "crash", "preserve", "--config"), "<on_crash>preserve</on_crash>")):
            with self.subTest(command):
                self.daemon.virsh(*command)
                self.assertIn(piece, self.daemon.virsh("dumpxml", "guest"))
        self.daemon.end()
        self.daemon = Daemon(self.root)
        self.assertIn("<memory unit='KiB'>196608</memory>", self.daemon.virsh("dumpxml", "guest"))

    def test_refuse_what_no_guest_can_be_with_the_reason(self):
        self.daemon.define_text(DOCUMENT.format(log=""))
        for command, reason in (
                (("setvcpus", "guest", "65", "--config"), "1 to 64 vCPUs"),
                (("setmaxmem", "guest", "1M", "--config"), "65536 to"),
                (("setmem", "guest", "1G", "--config"), "higher than max memory"),
                (("setvcpus", "guest", "1", "--live"), "domain is not running"),
                (("set-lifecycle-action", "guest", "reboot", "restart", "--config"), "SEV-ES")):
            with self.subTest(command):
                self.assertIn(reason, self.daemon.virsh(*command, fails=True))

    def test_a_console_log_is_taken_and_shown(self):
        self.daemon.define_text(DOCUMENT.format(log="<log file='/tmp/guest.log' append='on'/>"))
        self.assertIn("<log file='/tmp/guest.log' append='on'/>", self.daemon.virsh("dumpxml", "guest"))


if __name__ == "__main__":
    main(guests=False)
