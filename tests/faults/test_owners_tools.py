#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The owner's tools refuse what can't be meant, write single certificates, and leave no core dump with keys in it."""

import os
import pathlib
import resource
import subprocess
import tempfile
import unittest

import fault

NOBODY = 65534


class OwnersTools(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.root.chmod(0o755)
        for name, content in (("tik", b"i" * 16), ("tek", b"e" * 16), ("key", b"pass phrase"), ("empty", b""), ("zeros", bytes(16))):
            (self.root / name).write_bytes(content)

    def secret(self, *entries, tik="tik", tek="tek", measurement="B" * 64):
        words = [fault.VIRTSEV, "secret", "--tik", tik, "--tek", tek, "--measurement", measurement, "--out", "out"]
        for entry in entries:
            words += ["--entry", entry]
        return subprocess.run(words, cwd=self.root, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})

    def refused(self, done):
        self.assertEqual(2, done.returncode, done.stdout)
        return done.stderr

    def test_an_empty_secret(self):
        self.assertEqual(0, self.secret("luks-key=key").returncode)
        self.assertIn("empty", self.refused(self.secret("luks-key=empty")))

    def test_a_secret_of_zeros(self):
        self.assertIn("zero", self.refused(self.secret("luks-key=zeros")))

    def test_one_guid_twice(self):
        self.assertIn("twice", self.refused(self.secret("luks-key=key", "luks-key=tik")))

    def test_one_file_for_both_keys(self):
        self.assertIn("same key", self.refused(self.secret("luks-key=key", tek="tik")))

    def test_a_key_of_zeros(self):
        self.assertIn("zeros", self.refused(self.secret("luks-key=key", tek="zeros")))

    def test_a_key_of_the_session_for_a_secret(self):
        self.assertIn("key of the session", self.refused(self.secret("luks-key=tek")))

    def test_a_measurement_of_zeros(self):
        self.assertIn("zeros", self.refused(self.secret("luks-key=key", measurement="A" * 64)))

    def test_no_core_is_dumped_while_it_holds_keys(self):
        """It waits for its second key, in a pipe; it has read the first."""
        os.mkfifo(self.root / "pipe")
        as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        (self.root / "pipe").chmod(0o666)
        process = subprocess.Popen(
            [fault.VIRTSEV, "secret", "--tek", "tek", "--tik", "pipe", "--measurement", "B" * 64, "--entry", "luks-key=key", "--out", "out"],
            cwd=self.root, stderr=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096)), **as_nobody)
        try:
            with open(self.root / "pipe", "wb"):  # Opens when virtsev does
                limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
                owner = os.stat(f"/proc/{process.pid}/status").st_uid
        finally:
            process.kill()
            process.communicate()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        # The leak checker looks into its own process, so builds with it let themselves be looked into.
        if as_nobody and b"__asan_init" not in pathlib.Path(fault.VIRTSEV).read_bytes():
            self.assertEqual(0, owner, "its files in /proc are its user's: the user's other processes may look into it")


if __name__ == "__main__":
    fault.main(guests=False)
