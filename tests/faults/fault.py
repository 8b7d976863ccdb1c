# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the fault tests have in common: the programs of the build that VIRTSEV_BUILD names, and a virtsevd of a test's own.

A test that needs guests derives from FaultTest (self.daemon, self.define(), self.restart(): tests/integration/daemon/daemon_test.py) and ends
with main(); one that needs only programs derives from unittest.TestCase and ends with main(guests=False)."""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("VIRTSEV_BUILD") or os.path.join(ROOT, "build"))
VIRTSEVD = os.path.join(BUILD, "driver/daemon/virtsevd")
VMM = os.path.join(BUILD, "driver/vmm/virtsev-vmm")
VIRTSEV = os.path.join(BUILD, "driver/cli/virtsev")
SKIPPED = 77

# The module behind the daemon's tests takes the programs from the command line.
_words = sys.argv[1:]
sys.argv[1:] = [VIRTSEVD, VMM]
sys.path[:0] = [os.path.join(ROOT, "tests/integration/daemon"), os.path.join(ROOT, "tests/tools")]
import daemon_process  # noqa: E402
import daemon_test  # noqa: E402

sys.argv[1:] = _words

Daemon, KERNEL, PATIENCE = daemon_process.Daemon, daemon_process.KERNEL, daemon_process.PATIENCE


class FaultTest(daemon_test.DaemonTest):
    """Each test has a virtsevd of its own, simulated, with --root self.root."""

    kernel = KERNEL


def main(guests=True):
    reason = daemon_process.why_not() if guests else None
    if reason:
        print("skipped:", reason)
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], "--verbose", *sys.argv[1:]])
