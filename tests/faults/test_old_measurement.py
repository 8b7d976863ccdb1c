#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host keeps the measurement of a launch, and shows it again for another guest of the same session."""

import json

import fault
from attested_host import AttestedHost, recorded

OLD, NEW = bytes(range(100, 116)), bytes(range(16))


class OldMeasurement(AttestedHost):
    def attested(self, nonce, *more):
        self.launch(nonce)
        self.host.state = (recorded.SHUTOFF, 0)
        done = self.attest("--json", *more)
        return done, json.loads(done.stdout)

    def test_attest_refuses_a_launch_that_it_has_finished(self):
        done, _ = self.attested(OLD, *self.secret())
        self.assertEqual(0, done.returncode, done.stderr)
        done, answer = self.attested(OLD, *self.secret())
        self.assertEqual((1, ["start paused", "destroy"]), (done.returncode, self.host.done), done.stdout)
        self.assertIn("seen before", answer["text"])
        self.assertEqual((False, True, True), (answer["attested"], answer["destroyed"], answer["seen_before"]))

    def test_attest_takes_the_next_launch_of_the_session(self):
        for nonce in (OLD, NEW):
            done, answer = self.attested(nonce)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertFalse(answer.get("seen_before", True))

    def test_a_guest_that_was_there_is_left_as_it_is_and_again_takes_it(self):
        self.attested(OLD)
        self.host.state = (recorded.PAUSED, recorded.BY_USER)
        done = self.attest()
        self.assertEqual((1, []), (done.returncode, self.host.done), done.stdout)
        self.assertIn("--again", done.stdout)
        self.assertEqual((recorded.PAUSED, recorded.BY_USER), self.host.state)
        done = self.attest("--again")
        self.assertEqual((0, ["resume"]), (done.returncode, self.host.done), done.stdout + done.stderr)

    def test_success_without_a_secret_does_not_say_that_it_is_the_running_one(self):
        _, answer = self.attested(OLD)
        self.assertIn("launched at some time", answer["text"])
        self.assertIs(False, answer.get("shown_running"))
        _, answer = self.attested(NEW, *self.secret())
        self.assertNotIn("at some time", answer["text"])
        self.assertIs(True, answer["shown_running"])

    def test_what_does_not_fit_is_not_recorded(self):
        self.launch(OLD)
        self.host.launch_info["sev-build-id"] += 1
        self.assertEqual(1, self.attest().returncode)
        done, answer = self.attested(OLD)
        self.assertEqual((0, False), (done.returncode, answer.get("seen_before")), done.stderr)

    def test_verify_and_secret_can_be_repeated_and_say_that_they_have_seen_it(self):
        measurement = self.launch(OLD)
        first, remarks = self.verify(measurement)
        self.assertIs(False, first.get("seen_before"))
        self.assertIn("launched at some time", remarks)
        again, remarks = self.verify(measurement)
        self.assertIs(True, again["seen_before"])
        self.assertIn("seen before: it was verified", remarks)
        for _ in range(2):
            packed = self.pack(measurement)
            self.assertEqual(0, packed.returncode, packed.stderr)
            self.assertIn("seen before", packed.stderr)
        self.assertIn("a secret was packed for it", packed.stderr)

    def test_attest_starts_nothing_where_it_could_not_record_it(self):
        (self.root / "launches").mkdir()
        self.launch(OLD)
        done = self.attest()
        self.assertEqual((2, []), (done.returncode, self.host.done), done.stdout)
        self.assertIn(str(self.root / "launches"), done.stderr)

    def test_a_new_session_begins_a_new_record(self):
        pdh, chain = recorded.published_chain(fault.ROOT)
        (self.root / "platform.cert").write_bytes(pdh + chain)
        make = ("session", "--platform", self.root / "platform.cert", "--policy", "0x5", "--out", self.root / "owner", "--force")
        self.assertEqual(0, self.virtsev(*make).returncode)
        (self.root / "owner/launches").write_text("finished covered " + "01" * 16 + " 2026-11-28T10:00:00Z\n")
        self.assertEqual(0, self.virtsev(*make).returncode)
        self.assertFalse((self.root / "owner/launches").exists())


if __name__ == "__main__":
    fault.main(guests=False)
