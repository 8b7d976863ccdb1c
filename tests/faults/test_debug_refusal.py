#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsev debug of what can't be debugged: gdb's end of the socket ends in order, so that every gdb shows the reason. gdb 16 does not
where the connection was reset."""

import socket
import subprocess
import unittest

import fault

FIRST_PACKET = b"+$qSupported:multiprocess+#c6"


class DebugRefusal(unittest.TestCase):
    def test_ends_the_connection_in_order_and_says_why(self):
        ours, theirs = socket.socketpair()
        with ours:
            ours.settimeout(fault.PATIENCE)
            # gdb speaks first, before it hears anything.
            ours.sendall(FIRST_PACKET)
            command = [fault.VIRTSEV, "debug", "sev+unix:///system?socket=/nowhere", "guest"]
            with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True) as process:
                theirs.close()
                said = process.stderr.readline()
                self.assertIn("/nowhere", said)
                try:
                    end = ours.recv(1)
                except ConnectionResetError as error:
                    self.fail(f"the connection was not ended, but reset: {error}")
                self.assertEqual(b"", end)
                ours.close()
                self.assertEqual(2, process.wait(fault.PATIENCE))


if __name__ == "__main__":
    fault.main(guests=False)
