#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the hardware cases make of a platform's certificates, with those of a published one (EPYC 7001): signed, as AMD's key server gives its
CEK, and unsigned, as firmware exports it.

usage: test_chain.py VIRTSEV SOURCE_DIRECTORY"""

import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

VIRTSEV, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path[:0] = [str(SOURCE / "tests/hardware"), str(SOURCE / "tests/integration/attest")]
import chain  # noqa: E402
import recorded_libvirtd  # noqa: E402

SIZE = 2084
SIGNATURES = 0x414
NO_SIGNATURE = (0x1000).to_bytes(4, "little") + bytes(4 + 512)
CHIP_ID = "ab" * 64


def virtsev(*arguments):
    done = subprocess.run([VIRTSEV, *map(str, arguments)], capture_output=True, text=True, check=False)
    return types.SimpleNamespace(status=done.returncode, output=done.stdout)


class Chain(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.exported = pathlib.Path(directory.name) / "exported"
        self.cek = pathlib.Path(directory.name) / "cek"
        pdh, rest = recorded_libvirtd.published_chain(str(SOURCE))
        self.signed = pdh + rest
        at = 3 * SIZE  # PDH, PEK, OCA, CEK
        self.cek.write_bytes(self.signed[at:at + SIZE])
        self.unsigned = self.signed[:at + SIGNATURES] + 2 * NO_SIGNATURE
        self.assertEqual(len(self.signed), len(self.unsigned))

    def check(self, content, cek=None, platform="hardware"):
        self.exported.write_bytes(content)
        return chain.check(virtsev, self.exported, platform, cek)

    def test_a_signed_cek_holds_up_to_amds_root(self):
        self.assertIn("EPYC 7001", self.check(self.signed))

    def test_an_unsigned_one_is_taken_and_amds_address_is_said(self):
        self.exported.with_suffix(".id").write_text(CHIP_ID)
        self.assertIn(f"https://kdsintf.amd.com/cek/id/{CHIP_ID}", self.check(self.unsigned))

    def test_the_signed_one_beside_it_makes_the_chain_hold(self):
        self.assertIn("EPYC 7001", self.check(self.unsigned, self.cek))

    def test_what_does_not_hold_is_not_taken(self):
        broken = bytearray(self.signed)
        broken[0x18] ^= 1
        for content, cek, platform in ((bytes(broken), None, "hardware"), (self.unsigned, None, "hardware"), (self.signed, None, "simulated"),
                                       (bytes(broken), self.cek, "hardware")):
            with self.assertRaises(AssertionError):
                self.check(content, cek, platform)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "--verbose"])
