#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsevd.conf: a value that can't be meant keeps virtsevd from starting, with file and line; libvirt's other settings
do not; and whose the tree of --root may be. No guest runs."""

import os
import shutil
import subprocess
import tempfile
import unittest

from fault import VIRTSEVD, Daemon, main

PATIENCE = 60


class Tree(unittest.TestCase):
    def setUp(self):
        self.parent = tempfile.mkdtemp(prefix="virtsevd-")
        self.addCleanup(shutil.rmtree, self.parent)
        self.root = os.path.join(self.parent, "root")
        os.makedirs(os.path.join(self.root, "etc"))
        self.conf = os.path.join(self.root, "etc/virtsevd.conf")

    def configure(self, text):
        with open(self.conf, "w") as file:
            file.write(text)

    def start(self):
        """A start that ends by itself, where nothing is wrong by --timeout."""
        return subprocess.run([VIRTSEVD, "--root", self.root, "--platform", "simulated", "--timeout", "1"], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)

    def assert_refused(self, *words):
        done = self.start()
        self.assertEqual(1, done.returncode, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Configuration(Tree):
    def test_each_value_is_checked_at_the_start(self):
        for line in ('host_uuid = "abc"', 'host_uuid = "00000000-0000-0000-0000-000000000000"', 'vmm = "virtsev-vmm"',
                     'vmm = "/nowhere/virtsev-vmm"', 'platform = "real"', "console_timeout = -1", 'launch_timeout = "1"',
                     'vmm_uid_range = "0-5"', "max_clients = 0", "log_levle = 1"):
            with self.subTest(line):
                self.configure("# what is wrong stands in line 3\n\n" + line + "\n")
                self.assert_refused(self.conf + ":3: ", "'" + line.split(" ")[0] + "'")

    def test_libvirts_other_settings_are_noted(self):
        self.configure('log_level = 1\nunix_sock_group = "libvirt"\naccess_drivers = [ "polkit" ]\nmax_workers = 20\n')
        done = self.start()
        self.assertEqual(0, done.returncode, done.stderr)
        for line, key in enumerate(("log_level", "unix_sock_group", "access_drivers", "max_workers"), 1):
            self.assertIn(f"{self.conf}:{line}: '{key}'", done.stderr)

    def test_a_hosts_uuid_is_served_in_libvirts_form(self):
        self.configure('host_uuid = "7B4A3C5291DE4F0E8A36C05D1E2F9B74"\n')
        daemon = Daemon(self.root)
        self.addCleanup(daemon.end)
        self.assertIn("<uuid>7b4a3c52-91de-4f0e-8a36-c05d1e2f9b74</uuid>", daemon.virsh("capabilities"))


class Root(Tree):
    def test_a_tree_that_others_can_write_to_is_refused(self):
        for path in (self.root, os.path.join(self.root, "etc")):
            with self.subTest(path):
                os.chmod(path, 0o777)
                self.assert_refused(path, "0777", "chmod go-w")
                os.chmod(path, 0o755)
        self.assertEqual(0, self.start().returncode)

    def test_a_tree_that_others_can_exchange_is_refused(self):
        os.chmod(self.parent, 0o777)
        self.assert_refused(self.parent, "other users can write")

    @unittest.skipIf(os.geteuid() != 0, "only root can give files away")
    def test_another_users_tree_is_refused(self):
        for path in (self.root, self.parent, os.path.join(self.root, "etc")):
            with self.subTest(path):
                os.chown(path, 12345, 12345)
                self.assert_refused(path, "12345")
                os.chown(path, 0, 0)

    @unittest.skipIf(os.geteuid() != 0, "only root can give files away")
    def test_another_users_configuration_is_refused(self):
        self.configure("")
        os.chown(self.conf, 12345, 12345)
        self.assert_refused(self.conf, "12345")


class PidFile(Tree):
    def test_a_clean_stop_removes_it(self):
        daemon = Daemon(self.root)
        path = os.path.join(self.root, "run/virtsevd.pid")
        with open(path) as file:
            self.assertEqual(daemon.process.pid, int(file.read()))
        daemon.end()
        self.assertFalse(os.path.exists(path), "the pid file of a virtsevd that was stopped is still there")

    def test_one_of_a_killed_daemon_is_in_nobodys_way(self):
        Daemon(self.root).end(9)
        daemon = Daemon(self.root)
        with open(os.path.join(self.root, "run/virtsevd.pid")) as file:
            self.assertEqual(daemon.process.pid, int(file.read()))
        daemon.end()


if __name__ == "__main__":
    main(guests=False)
