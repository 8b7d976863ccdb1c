# SPDX-License-Identifier: LGPL-2.1-or-later
"""The script for somebody with an EPYC, on the simulated platform: it has to work on the day when it is needed."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from host import SOURCE


class HardwareRun(unittest.TestCase):
    def test_all_of_it_is_shown_and_reported(self):
        with tempfile.TemporaryDirectory() as directory:
            report = pathlib.Path(directory, "report.txt")
            # The lab has 4 GiB itself.
            done = subprocess.run([SOURCE / "tests/hardware/run", "--platform", "simulated", "--report", report],
                                  env={**os.environ, "VIRTSEV_LARGE_MIB": "3400"}, capture_output=True, text=True)
            text = report.read_text()
        self.assertEqual(0, done.returncode, text + done.stderr)
        self.assertNotIn("NOT shown", text)
        for line in ("$ virtsev host", "Guests.test_sev_es", "Guests.test_memory_above_3_gib", "Platform.test_certificates"):
            self.assertIn(line, text)


if __name__ == "__main__":
    unittest.main()
