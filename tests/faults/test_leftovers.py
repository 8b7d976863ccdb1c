#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What domains that are gone left behind is swept when virtsevd starts; what belongs to others is not."""

import os
import shutil
import socket
import tempfile
import unittest

import fault

GONE = "11111111-2222-3333-4444-555555555555"
THERE = "11111111-2222-3333-4444-666666666666"


class LeftOvers(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        fault.Daemon(self.root).end()  # Makes the directories
        self.addCleanup(shutil.rmtree, self.root)

    def start(self):
        daemon = fault.Daemon(self.root)
        self.addCleanup(daemon.end)

    def listen(self, uuid):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.state(uuid, "sock"))
        listener.listen()
        return listener

    def state(self, uuid, suffix):
        return os.path.join(self.root, "run/sev", f"{uuid}.{suffix}")

    def test_autostart_links_of_no_domain(self):
        link = os.path.join(self.root, "etc/sev/autostart/gone.xml")
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(os.path.join(self.root, "etc/sev/gone.xml"), link)
        self.start()
        self.assertFalse(os.path.lexists(link), "the next domain of that name would start with the host")

    def test_sockets_that_nobody_listens_at(self):
        self.listen(GONE).close()
        self.listen(THERE)
        for uuid in (GONE, THERE):
            with open(self.state(uuid, "end"), "w"):
                pass
        self.start()
        self.assertFalse(os.path.exists(self.state(GONE, "sock")))
        self.assertFalse(os.path.exists(self.state(GONE, "end")))
        self.assertTrue(os.path.exists(self.state(THERE, "sock")))
        self.assertTrue(os.path.exists(self.state(THERE, "end")))


if __name__ == "__main__":
    fault.main(guests=False)
