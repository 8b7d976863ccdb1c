#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The launch digests that sev-snp-measure publishes for SEV and SEV-ES (github.com/virtee/sev-snp-measure, tests/test_guest.py). They are of two
pieces of OVMF that stand in its tests/fixtures, 4096 bytes each, which are not ours to distribute: with
VIRTSEV_SNP_MEASURE_FIXTURES=DIRECTORY they are read there, without it this test is skipped.

usage: test_published_digests.py VIRTSEV
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
FIXTURES = os.environ.get("VIRTSEV_SNP_MEASURE_FIXTURES")
SKIPPED = 77
WITH_HASH_AREA, WITHOUT = "ovmf_AmdSev_suffix.bin", "ovmf_OvmfX64_suffix.bin"


class PublishedDigests(unittest.TestCase):
    def setUp(self):
        # Theirs are of /dev/null as kernel and initrd: nothing.
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.nothing = os.path.join(self.directory.name, "nothing")
        pathlib.Path(self.nothing).touch()

    def expect(self, digest, firmware, *options):
        done = subprocess.run([PROGRAM, "measure", "--firmware", os.path.join(FIXTURES, firmware), *options],
                              capture_output=True, text=True, check=False)
        self.assertEqual((0, digest), (done.returncode, done.stdout.strip()), done.stderr)

    def es(self, vcpus):
        return ("--policy", "0x4", "--kernel", self.nothing, "--initrd", self.nothing, "--vcpus", vcpus, "--cpu-model", "EPYC-v4", "--vmsa", "init2")

    def test_sev_es_with_one_vcpu(self):
        self.expect("13810ae661ea11e2bb205621f582fee268f0367c8f97bc297b7fadef3e12002c", WITH_HASH_AREA, *self.es("1"))

    def test_sev_es_with_four_vcpus(self):
        self.expect("0dccbcaba8e90b261bd0d2e1863a2f9da714768b7b2a19363cd6ae35aa90de91", WITH_HASH_AREA, *self.es("4"))

    def test_sev_with_kernel_initrd_and_command_line(self):
        self.expect("82a3ee5d537c3620628270c292ae30cb40c3c878666a7890ee7ef2a08fb535ff", WITH_HASH_AREA, "--policy", "0x0", "--kernel", self.nothing,
                    "--initrd", self.nothing, "--cmdline", "console=ttyS0 loglevel=7")

    def test_sev_with_kernel_alone(self):
        self.expect("77f613d7bbcdf12a73782ea9e88b0172aeda50d1a54201cb903594ff52846898", WITH_HASH_AREA, "--policy", "0x0", "--kernel", self.nothing)

    def test_sev_with_firmware_alone(self):
        self.expect("b4c021e085fb83ceffe6571a3d357b4a98773c83c474e47f76c876708fe316da", WITHOUT, "--policy", "0x0")


if __name__ == "__main__":
    if not FIXTURES:
        print("skipped: VIRTSEV_SNP_MEASURE_FIXTURES names no directory with sev-snp-measure's tests/fixtures")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], "--verbose"])
