#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernel hashes that nobody enforces: firmware with a place for them, and no code that looks at them. With Debian's own images, at recorded
versions, where they can be had (tests/tools/unpack-firmware); one that can't is skipped by its name."""

import hashlib
import os
import pathlib
import subprocess
import tempfile
import unittest

import fault
from attested_host import firmware  # noqa: E402 (puts the tools on the path)

UNPACK = os.path.join(fault.ROOT, "tests/tools/unpack-firmware")
KEPT = os.environ.get("VIRTSEV_FIRMWARE_DIRECTORY") or os.path.join(fault.ROOT, "build/firmware")


class KernelHashes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.kernel = self.root / "vmlinuz"
        self.kernel.write_bytes(b"k" * 3000)

    def measure(self, image, *more):
        return subprocess.run([fault.VIRTSEV, "measure", "--policy", "0x5", "--vmsa", "init2", "--cpu-model", "EPYC-Milan", "--firmware",
                               str(image), "--kernel", str(self.kernel), *more], capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C"})

    def debians(self, *package):
        done = subprocess.run([UNPACK, *package, KEPT], capture_output=True, text=True, check=False)
        if done.returncode == 77:
            self.skipTest(done.stderr.strip())
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()

    def is_refused(self, image):
        done = self.measure(image)
        self.assertEqual(2, done.returncode, f"{image} is taken: {done.stdout}")
        self.assertIn(str(image), done.stderr)
        self.assertIn("OVMF.amdsev.fd", done.stderr)

    def write(self, content):
        image = self.root / "image.fd"
        image.write_bytes(content)
        return image

    def test_bookworm(self):
        self.is_refused(self.debians("bookworm", "ovmf", "2022.11-6+deb12u2", "usr/share/OVMF/OVMF_CODE_4M.fd"))

    def test_trixie(self):
        self.is_refused(self.debians("trixie", "ovmf", "2025.02-8+deb13u1", "usr/share/OVMF/OVMF_CODE_4M.fd"))

    def test_sid_generic(self):
        """A place for the hashes, and nobody who looks there."""
        self.is_refused(self.debians("sid", "ovmf-generic", "2026.08+ds-2", "usr/share/OVMF/OVMF_CODE_4M.fd"))

    def test_sid_amdsev(self):
        done = self.measure(self.debians("sid", "ovmf-amdsev", "2026.08+ds-2", "usr/share/ovmf/OVMF.amdsev.fd"))
        self.assertEqual(0, done.returncode, done.stderr)

    def test_a_place_without_code_is_refused(self):
        self.is_refused(self.write(firmware(checks_hashes=False)))
        self.assertEqual(0, self.measure(self.write(firmware())).returncode)

    def test_an_image_that_is_damaged_inside_is_refused(self):
        content = bytearray(firmware())
        content[110:140] = bytes(30)
        self.is_refused(self.write(bytes(content)))

    def test_the_owners_own_digest_decides(self):
        known = firmware(checks_hashes=False)
        image = self.write(known)
        digest = hashlib.sha256(known).hexdigest()
        self.assertEqual(0, self.measure(image, "--firmware-digest", digest).returncode)
        refused = self.measure(self.write(firmware()), "--firmware-digest", digest)
        self.assertEqual(2, refused.returncode)
        self.assertIn("--firmware-digest", refused.stderr)


if __name__ == "__main__":
    fault.main(guests=False)
