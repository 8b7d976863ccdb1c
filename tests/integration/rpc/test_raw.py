#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packets that no library sends, against the RPC server.

usage: test_raw.py RPC_TEST_SERVER"""

import os
import re
import socket
import struct

import fixture


class Raw(fixture.StockClients):
    """What no library sends."""

    def talk(self, data):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(fixture.PATIENCE)
            client.connect(self.socket)
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                answer = b""
                while part := client.recv(65536):
                    answer += part
                return answer
            except (BrokenPipeError, ConnectionResetError):
                return b""

    def test_garbage_ends_its_own_connection(self):
        for data in (b"", b"\0", b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 1000, struct.pack(">I", 33554437),
                     os.urandom(10000)):
            self.talk(data)
        self.assertIn("alpha", self.virsh("list", "--all"))

    def test_a_client_that_never_reads(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket)
            client.setblocking(False)
            authentication = struct.pack(">7I", 28, 0x20008086, 1, 66, 0, 0, 0)
            with self.assertRaises(BlockingIOError):
                for _ in range(1000000):
                    client.sendall(authentication * 100)
            with open(f"/proc/{self.server.pid}/status") as status:
                resident = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])
            self.assertLess(resident, 200000)
            self.assertIn("alpha", self.virsh("list", "--all"))


if __name__ == "__main__":
    fixture.main()
