# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of stock clients against rpc_test_server share: the server, virsh, and a terminal.

Each of them is called as TEST RPC_TEST_SERVER [SUITE DIRECTORY]: with a suite of Debian, virsh is that suite's, unpacked in DIRECTORY."""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))
import unpacked_virsh  # noqa: E402 (it lies there)

SERVER = sys.argv[1]
PATIENCE = 300
LOCAL_FLAGS = 3  # of what tcgetattr gives


def skip(reason):
    print("skipped:", reason)
    sys.exit(unpacked_virsh.SKIPPED)


VIRSH = "virsh"
if shutil.which(VIRSH) is None:
    skip("virsh is not installed")
if sys.argv[2:]:
    VIRSH, missing = unpacked_virsh.find(*sys.argv[2:4])
    if missing:
        skip(missing)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        self.seen = ""

    def has_come(self, text):
        """Without waiting."""
        while select.select([self.fd], [], [], 0)[0]:
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        return text in self.seen

    def expect(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                data = os.read(self.fd, 4096) if ready else b""
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"{text!r} did not come: {self.seen!r}")
            self.seen += data.decode(errors="replace")
        self.seen = self.seen.split(text, 1)[1]

    def expect_raw(self):
        """virsh throws away what was typed before it makes its terminal raw, and nothing tells when: the terminal is asked."""
        end = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.fd)[LOCAL_FLAGS] & termios.ICANON:
            if time.monotonic() > end:
                raise AssertionError(f"the terminal does not become raw: {self.seen!r}")
            os.sched_yield()

    def type(self, text):
        os.write(self.fd, text.encode())

    def status(self):
        """Waits for its end; the rest of its output is in `seen`."""
        try:
            while data := os.read(self.fd, 4096):
                self.seen += data.decode(errors="replace")
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class StockClients(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsev-rpc.")
        self.addCleanup(shutil.rmtree, self.root)
        self.socket = os.path.join(self.root, "sock")
        self.read_only_socket = os.path.join(self.root, "sock-ro")
        self.uri = f"sev+unix:///system?socket={self.socket}"
        self.server = subprocess.Popen([SERVER, self.socket, self.read_only_socket], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_server)
        self.assertEqual(self.server.stdout.readline(), "ready\n")

    def end_server(self):
        self.server.send_signal(signal.SIGTERM)
        status = self.server.wait(PATIENCE)
        self.server.stdout.close()
        self.assertEqual(status, 0)

    def virsh(self, *command, fails=False, options=(), uri=None):
        done = subprocess.run([VIRSH, *options, "-c", uri or self.uri, *command], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stderr if fails else done.stdout


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
