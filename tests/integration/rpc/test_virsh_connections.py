#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock virsh for as long as a connection lasts: events, consoles, keepalive, many at once.

usage: test_virsh_connections.py RPC_TEST_SERVER [SUITE DIRECTORY]"""

import os
import signal
import subprocess
import time

import fixture
from fixture import PATIENCE, VIRSH, Terminal


class Connections(fixture.StockClients):
    def test_sees_events(self):
        events = Terminal(VIRSH, "-c", self.uri, "event", "--all", "--loop", "--timeout", str(PATIENCE))
        # Nothing tells that virsh has registered: a domain is changed until the first event comes.
        while not events.has_come("event 'metadata-change' for domain 'beta'"):
            self.virsh("desc", "beta", "--title", "x")
        for command in ("start", "suspend", "resume", "reboot", "destroy", "undefine"):
            self.virsh(command, "alpha")
        for event in ("'lifecycle' for domain 'alpha': Started Booted", "'lifecycle' for domain 'alpha': Suspended Paused",
                      "'lifecycle' for domain 'alpha': Resumed Unpaused", "'reboot' for domain 'alpha'",
                      "'lifecycle' for domain 'alpha': Stopped Destroyed", "'lifecycle' for domain 'alpha': Undefined Removed"):
            events.expect("event " + event)
        os.kill(events.pid, signal.SIGTERM)
        events.status()

    def test_has_a_console(self):
        console = Terminal(VIRSH, "-c", self.uri, "start", "alpha", "--console")
        console.expect("fake guest: console ready")
        console.type("hello\r")
        console.expect("you said: hello")
        # Another client gets in by force alone.
        second = Terminal(VIRSH, "-c", self.uri, "console", "alpha")
        second.expect("Active console session exists for this domain")
        self.assertNotEqual(second.status(), 0)
        third = Terminal(VIRSH, "-c", self.uri, "console", "alpha", "--force")
        third.expect("Escape character")
        console.expect("another client has taken this console over")
        console.status()
        third.expect_raw()
        third.type("still you?\r")
        third.expect("you said: still you?")
        third.type("\x1d")
        self.assertEqual(third.status(), 0)
        self.assertIn("running", self.virsh("domstate", "alpha"))
        # The guest's end is the console's.
        last = Terminal(VIRSH, "-c", self.uri, "console", "alpha", "serial0")
        last.expect("Escape character")
        last.expect_raw()
        last.type("poweroff\r")
        self.assertEqual(last.status(), 0)
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "shut off (crashed)")

    def test_carries_much_over_the_console(self):
        console = Terminal(VIRSH, "-c", self.uri, "start", "alpha", "--console")
        console.expect("console ready")
        for number in range(500):
            console.type(f"line {number} " + "x" * 200 + "\r")
            console.expect(f"you said: line {number} " + "x" * 200)
        console.type("\x1d")
        self.assertEqual(console.status(), 0)

    def test_autodestroy_ends_with_the_connection(self):
        shell = Terminal(VIRSH, "-c", self.uri)
        shell.expect("virsh #")
        shell.type("start alpha --autodestroy\r")
        shell.expect("started")
        self.assertIn("running", self.virsh("domstate", "alpha"))
        os.kill(shell.pid, signal.SIGKILL)
        shell.status()
        end = time.monotonic() + PATIENCE
        while "shut off" not in self.virsh("domstate", "alpha"):
            self.assertLess(time.monotonic(), end)

    def test_keepalive_holds_an_idle_connection(self):
        # virsh pings once a second, and gives up after one ping without an answer.
        events = Terminal(VIRSH, "-k", "1", "-K", "1", "-c", self.uri, "event", "--event", "reboot", "--timeout", "3")
        events.expect("event loop timed out")
        events.status()
        self.assertNotIn("isconnected", events.seen)

    def test_fifty_at_once(self):
        running = [subprocess.Popen([VIRSH, "-c", self.uri, "list", "--all"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                   for _ in range(50)]
        for process in running:
            output = process.communicate(timeout=PATIENCE)[0]
            self.assertEqual(process.returncode, 0, output)
            self.assertIn("alpha", output)


if __name__ == "__main__":
    fixture.main()
