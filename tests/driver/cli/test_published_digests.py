#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The launch digests that sev-snp-measure publishes for SEV, SEV-ES and, with QEMU, SEV-SNP (github.com/virtee/sev-snp-measure, tests/test_guest.py). They are of two
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

    def snp(self, features, *options):
        return ("--type", "sev-snp", "--policy", "0x30000", "--cpu-model", "EPYC-v4", "--guest-features", features, *options)

    def kernel(self, command_line=""):
        return ("--kernel", self.nothing, "--initrd", self.nothing, "--cmdline", command_line)

    def test_snp_with_kernel_initrd_and_command_line(self):
        for features, digest in (("0x21", "803f691094946e42068aaa3a8f9e26a5c89f36f7b73ecfb28c653360fe4b3aba7e534442e7e1e17895dfe778d0228977"),
                                 ("0x1", "6d287813eb5222d770f75005c664e34c204f385ce832cc2ce7d0d6f354454362f390ef83a92046c042e706363b4b08fa")):
            self.expect(digest, WITH_HASH_AREA, *self.snp(features), *self.kernel("console=ttyS0 loglevel=7"))

    def test_snp_with_four_vcpus(self):
        for features, digest in (("0x21", "4953b1fb416fa874980e8442b3706d345926d5f38879134e00813c5d7abcbe78eafe7b422907be0b4698e2414a631942"),
                                 ("0x1", "5061fffb019493a903613d56d54b94912a1a2f9e4502385f5c194616753720a92441310ba6c4933de877c36e23046ad5")):
            self.expect(digest, WITH_HASH_AREA, *self.snp(features, "--vcpus", "4"), *self.kernel())

    def test_snp_without_a_kernel(self):
        for firmware, features, digest in (
                (WITH_HASH_AREA, "0x21", "e1e1ca029dd7973ab9513295be68198472dcd4fc834bd9af9b63f6e8a1674dbf281a9278a4a2ebe0eed9f22adbcd0e2b"),
                (WITH_HASH_AREA, "0x1", "19358ba9a7615534a9a1e2f0dfc29384dcd4dcb7062ff9c6013b26869a5fc6ecabe033c48dd6f6db5d6d76e7c5df632d"),
                (WITHOUT, "0x21", "28797ae0afaba4005a81e629acebfb59e6687949d6be44007cd5506823b0dd66f146aaae26ff291eed7b493d8a64c385"),
                (WITHOUT, "0x1", "da0296de8193586a5512078dcd719eccecbd87e2b825ad4148c44f665dc87df21e5b49e21523a9ad993afdb6a30b4005")):
            self.expect(digest, firmware, *self.snp(features))

    def test_snp_with_a_kernel_that_nothing_would_measure(self):
        done = subprocess.run([PROGRAM, "measure", "--firmware", os.path.join(FIXTURES, WITHOUT), *self.snp("0x1"), *self.kernel()],
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("no place for a kernel's hashes", done.stderr)


if __name__ == "__main__":
    if not FIXTURES:
        print("skipped: VIRTSEV_SNP_MEASURE_FIXTURES names no directory with sev-snp-measure's tests/fixtures")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], "--verbose"])
