#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Handing a device private memory does not compile; handing it shared memory does, so the first can fail.

usage: test_private_memory.py SOURCE_ROOT COMPILER...
"""
import subprocess
import sys
import unittest

ROOT, *COMPILER = sys.argv[1:]
SOURCE = f"{ROOT}/tests/driver/vmm/memory/private_memory_for_a_device.cpp"


def compile_with(*options):
    return subprocess.run([*COMPILER, "-std=c++20", "-fsyntax-only", f"-I{ROOT}", *options, SOURCE], capture_output=True, text=True)


class PrivateMemory(unittest.TestCase):
    def test_shared_memory_is_for_devices(self):
        done = compile_with()
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_private_memory_is_not(self):
        done = compile_with("-DWITH_PRIVATE_MEMORY")
        self.assertNotEqual(done.returncode, 0, "a device was given private memory")
        self.assertEqual(done.stderr.count("error:"), 1, done.stderr)
        self.assertIn("PrivateMemory", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
