#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whoever connects and says nothing is in nobody's way: not another user's, and not another client's of his own."""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

import fault

NOBODY, OTHER = 65534, 65533
SOON = 15  # s. A connection that opens nothing is dropped after 30


class SilentConnections(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can connect as another user")
        if shutil.which("virsh") is None:
            self.skipTest("virsh is not installed")
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        os.chmod(self.root, 0o755)
        self.start()

    def start(self):
        self.daemon = fault.Daemon(self.root)
        os.chmod(os.path.join(self.root, "run"), 0o755)
        self.path = os.path.join(self.root, "run/virtsevd-sock-ro")
        os.chmod(self.path, 0o666)  # As the system's own

    def tearDown(self):
        self.daemon.end()
        shutil.rmtree(self.root)

    def connect_as(self, uid, count, message=b""):
        """Keeps as many connections, each of which says no more than this, in a process of that user's, until the test
        is over."""
        ready, here = os.pipe()
        there, release = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(release)
            os.setgroups([])
            os.setuid(uid)
            held = []
            for _ in range(count):
                held.append(socket.socket(socket.AF_UNIX))
                held[-1].connect(self.path)
                if message:
                    with contextlib.suppress(ConnectionError):  # Turned away
                        held[-1].send(message)
                        held[-1].recv(1)
            os.write(here, b"y")
            os.read(there, 1)
            os._exit(0)
        os.close(here)
        os.close(there)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.close, release)
        with os.fdopen(ready, "rb") as pipe:
            self.assertEqual(pipe.read(1), b"y")

    def assert_served(self, uid):
        try:
            done = subprocess.run(["virsh", "-r", "-c", self.daemon.uri("-ro"), "list"], capture_output=True, text=True,
                                  timeout=SOON, user=uid, cwd="/", env=dict(os.environ, HOME="/nonexistent"))
        except subprocess.TimeoutExpired:
            self.fail(f"uid {uid} gets no answer within {SOON} s")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_of_one_user_keep_no_other_out(self):
        self.connect_as(NOBODY, 25)
        self.assert_served(OTHER)
        self.assert_served(0)

    def test_of_one_user_do_not_keep_himself_out(self):
        self.connect_as(NOBODY, 25)
        self.assert_served(NOBODY)

    def test_of_many_the_oldest_go(self):
        self.connect_as(NOBODY, 400)
        self.assert_served(OTHER)
        self.assert_served(NOBODY)
        with open("/proc/net/unix") as table:
            held = sum(self.path in line for line in table)
        self.assertLess(held, 300, "as many silent connections as anybody wants are held")

    def test_of_one_user_who_opens_them_all_leave_places(self):
        self.daemon.end()
        os.makedirs(os.path.join(self.root, "etc"), exist_ok=True)
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as conf:
            conf.write("max_clients = 10\n")
        self.start()
        # virConnectOpen without a name: length, program, version, procedure, type, serial, status, arguments.
        self.connect_as(NOBODY, 9, struct.pack(">9I", 36, 0x20008086, 1, 1, 0, 0, 0, 0, 0))
        self.assert_served(OTHER)

    def test_of_root_do_not_keep_root_out(self):
        silent = []
        for _ in range(25):
            silent.append(socket.socket(socket.AF_UNIX))
            silent[-1].settimeout(SOON)
            silent[-1].connect(os.path.join(self.root, "run/virtsevd-sock"))
            self.addCleanup(silent[-1].close)
        try:
            done = subprocess.run(["virsh", "-c", self.daemon.uri(), "list"], capture_output=True, text=True,
                                  timeout=SOON)
        except subprocess.TimeoutExpired:
            self.fail(f"root gets no answer within {SOON} s")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    fault.main(guests=False)
