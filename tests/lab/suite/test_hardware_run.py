# SPDX-License-Identifier: LGPL-2.1-or-later
"""The script for somebody with an EPYC, on the simulated platform: it has to work on the day when it is needed."""
import pathlib
import subprocess
import tempfile
import unittest

from host import SOURCE


# One of each kind: the rest differs in policy, memory and number of vCPUs, or is what test_lifecycle shows.
CASES = ("Platform", "Guests.test_debugger_is_refused_where_the_policy_forbids_it",
         "Guests.test_debugger_reads_and_writes_where_the_policy_lets_it",
         "Guests.test_monitor_is_nobodys_and_may_lock_all_memory", "Guests.test_secret_with_a_wrong_mac_is_refused",
         "Guests.test_sev_es", "Guests.test_triple_fault_of_an_sev_es_guest_ends_it")


class HardwareRun(unittest.TestCase):
    def test_all_of_it_is_shown_and_reported(self):
        with tempfile.TemporaryDirectory() as directory:
            report = pathlib.Path(directory, "report.txt")
            done = subprocess.run([SOURCE / "tests/hardware/run", "--platform", "simulated", "--report", report, *CASES],
                                  capture_output=True, text=True)
            text = report.read_text()
        self.assertEqual(0, done.returncode, text + done.stderr)
        self.assertNotIn("NOT shown", text)
        for line in ("$ virtsev host", "\n===== Platform.test_certificates_are_exported_and_hold\n", "\n===== The kernel\n"):
            self.assertIn(line, text)
        self.assertEqual(len(CASES), text.count("shown on this simulated platform: "))


if __name__ == "__main__":
    unittest.main()
