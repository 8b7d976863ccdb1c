#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a launch digest does not say: a guest whose firmware boots what lies on a disk gets no secret unless its owner takes the risk."""

import json

import fault
from attested_host import AttestedHost, firmware


class UnmeasuredBoot(AttestedHost):
    def setUp(self):
        super().setUp()
        (self.root / "OVMF.fd").write_bytes(firmware(checks_hashes=False))
        self.write_xml("")

    def test_attest_gives_no_secret_to_a_kernel_that_the_host_can_exchange(self):
        self.launch(bytes(range(16)))
        done = self.attest(*self.secret())
        self.assertEqual([], self.host.done, "nothing is started for it")
        self.assertEqual(2, done.returncode)
        self.assertIn("--unmeasured-boot", done.stderr)

    def test_attest_takes_it_without_a_secret_and_names_what_is_not_measured(self):
        self.launch(bytes(range(16)))
        done = self.attest("--json")
        self.assertEqual((0, ["start paused", "resume"]), (done.returncode, self.host.done), done.stderr)
        self.assertEqual(["kernel", "acpi", "smbios", "memory-map", "addresses"], json.loads(done.stdout).get("unmeasured"))
        self.assertIn("not measured: ACPI tables", done.stderr)

    def test_attest_gives_it_where_the_owner_takes_the_risk(self):
        self.launch(bytes(range(16)))
        done = self.attest(*self.secret(), "--unmeasured-boot")
        self.assertEqual((0, ["start paused", "inject", "resume"]), (done.returncode, self.host.done), done.stderr)

    def test_secret_packs_none_for_what_verify_saw_to_be_open(self):
        measurement = self.launch(bytes(range(16)))
        answer, remarks = self.verify(measurement)
        self.assertIn("kernel", answer.get("unmeasured", []))
        self.assertIn("not measured: the kernel", remarks)
        refused = self.pack(measurement)
        self.assertEqual(2, refused.returncode, refused.stdout)
        self.assertFalse((self.root / "packed").exists())
        self.assertEqual(0, self.pack(measurement, "--unmeasured-boot").returncode)

    def test_firmware_that_checks_hashes_takes_no_kernel_of_the_host(self):
        """Without a table of hashes it boots none that the host hands over: a secret is safe in it."""
        (self.root / "OVMF.fd").write_bytes(firmware())
        self.launch(bytes(range(16)))
        done = self.attest(*self.secret())
        self.assertEqual((0, ["start paused", "inject", "resume"]), (done.returncode, self.host.done), done.stderr)

    def test_explain_and_verify_help_say_it(self):
        self.assertIn("not measured: ACPI tables", self.virtsev("explain", self.xml).stdout)
        for command in ("verify", "attest", "measure", "explain"):
            self.assertIn("not the addresses", self.virtsev(command, "--help").stdout, command)


if __name__ == "__main__":
    fault.main(guests=False)
