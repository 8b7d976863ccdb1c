#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A monitor closes its terminal, whose number the kernel gives to somebody else: `virsh console` opens no other's.

A stand-in for the monitor does that when it is told to (VIRTSEV_FAKE_MONITOR, tests/driver/daemon/fake_monitor.cpp)."""

import os
import pty
import select
import signal
import subprocess
import unittest
from unittest import mock

import fault
from fault import PATIENCE

FAKE = os.environ.get("VIRTSEV_FAKE_MONITOR") or os.path.join(fault.BUILD, "tests/driver/daemon/fake_monitor")


@unittest.skipUnless(os.access(FAKE, os.X_OK), f"there is no {FAKE}; VIRTSEV_FAKE_MONITOR names another one")
class Consoles(fault.FaultTest):
    def setUp(self):
        patch = mock.patch.object(fault.daemon_process, "VMM", FAKE)
        patch.start()
        self.addCleanup(patch.stop)
        super().setUp()

    def other_terminal(self, path):
        """Somebody else's, with that number."""
        for _ in range(64):
            master, slave = pty.openpty()
            self.addCleanup(os.close, master)
            self.addCleanup(os.close, slave)
            if os.ttyname(slave) == path:
                return master
        self.fail(f"nobody gets {path}")

    def start(self, name):
        kernel = fault.KERNEL
        self.daemon.define_text(f"""<domain type='kvm'><name>{name}</name><memory unit='MiB'>64</memory>
          <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel><cmdline>pause=hang-up</cmdline></os>
          <devices><serial type='pty'/><console type='pty'/></devices>
          <launchSecurity type='sev'><policy>0x0001</policy></launchSecurity></domain>""")
        self.daemon.virsh("start", name)

    def reaches(self, name, other):
        """Whether what is typed at the domain's console arrives at the other terminal."""
        mine, its = pty.openpty()
        try:
            with subprocess.Popen(["virsh", "-c", self.daemon.uri(), "console", name], stdin=its, stdout=its, stderr=its,
                                  start_new_session=True) as virsh:
                os.close(its)
                pidfd = os.pidfd_open(virsh.pid)
                typed = False
                while True:
                    ready = select.select([mine, other, pidfd], [], [], PATIENCE)[0]
                    self.assertTrue(ready, "neither a console nor an answer")
                    if other in ready:
                        virsh.kill()
                        return True
                    if pidfd in ready:  # Before its terminal, which can be read for ever then
                        return False
                    if mine in ready:
                        try:
                            os.read(mine, 4096)
                        except OSError:
                            pass
                        if not typed:
                            typed = True
                            os.write(mine, b"secret\n")
        finally:
            os.close(mine)

    def try_console_of(self, name):
        self.start(name)
        path = self.daemon.virsh("ttyconsole", name).strip()
        self.restart(signal.SIGKILL)
        self.daemon.virsh("suspend", name)
        other = self.other_terminal(path)
        self.assertFalse(self.reaches(name, other), "what was typed at the guest's console went to another terminal")

    def test_of_a_monitor_of_this_version(self):
        self.try_console_of("guest")

    def test_of_a_monitor_of_version_3(self):
        self.try_console_of("three")


if __name__ == "__main__":
    fault.main()
