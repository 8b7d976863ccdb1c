# SPDX-License-Identifier: LGPL-2.1-or-later
"""virsh of another suite of Debian, for tests: see unpack-virsh."""

import os
import subprocess

SKIPPED = 77


def find(suite, directory):
    """The command and None; or None, and why it can't be had here."""
    tool = os.path.join(os.path.dirname(os.path.abspath(__file__)), "unpack-virsh")
    done = subprocess.run([tool, suite, directory], capture_output=True, text=True)
    if done.returncode == SKIPPED:
        return None, done.stderr.strip()
    if done.returncode != 0:
        raise RuntimeError(f"{tool}: {done.stderr}")
    return done.stdout.strip(), None
