#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsev attest of a guest of qemu://, against recorded answers. Not shown: a real host with SEV.

usage: test_attest_qemu.py VIRTSEV SOURCE_DIRECTORY"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import uuid

VIRTSEV, SOURCE = sys.argv[1:3]
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "tests/tools"))
import recorded_libvirtd as recorded  # noqa: E402
from synthetic_firmware import firmware  # noqa: E402

API, BUILD, MNONCE = (1, 51), 3, bytes(range(100, 116))
TIK, TEK = b"T" * 16, b"E" * 16

XML = """<domain type='kvm'><name>guest</name><memory unit='GiB'>2</memory><vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><loader readonly='yes' type='pflash'>{root}/OVMF.fd</loader>
  <kernel>{root}/vmlinuz</kernel><cmdline>{line}</cmdline></os>
  <cpu mode='custom'><model>EPYC-Milan</model></cpu>
  <launchSecurity type='sev' kernelHashes='yes'><policy>0x0005</policy></launchSecurity></domain>"""


def measurement(digest, policy=5, tik=TIK):
    """What LAUNCH_MEASURE gives (SEV API)."""
    measured = b"\x04" + bytes([*API, BUILD]) + struct.pack("<I", policy) + bytes.fromhex(digest) + MNONCE
    return base64.b64encode(hmac.digest(tik, measured, "sha256") + MNONCE).decode()


class AttestQemuTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-attest."))
        self.addCleanup(shutil.rmtree, self.root)
        self.host = recorded.RecordedLibvirtd(str(self.root / "sock"))
        self.addCleanup(self.host.close)
        pdh, chain = recorded.published_chain(SOURCE)
        self.host.node_sev_info = {"pdh": base64.b64encode(pdh).decode(), "cert-chain": base64.b64encode(chain).decode(),
                                   "cbitpos": 47, "reduced-phys-bits": 1}
        for name, content in (("OVMF.fd", firmware()), ("vmlinuz", b"k" * 3000), ("tik", TIK), ("tek", TEK),
                              ("key", b"the secret"), ("guest.xml", XML.format(root=self.root, line="quiet").encode())):
            (self.root / name).write_bytes(content)
        self.tell(self.digest("init2"))

    def tell(self, digest, policy=5, **values):
        self.host.launch_info = {"sev-measurement": measurement(digest, policy), "sev-api-major": API[0], "sev-api-minor": API[1],
                                 "sev-build-id": BUILD, "sev-policy": policy, **values}

    def run_virtsev(self, *arguments):
        return subprocess.run([VIRTSEV, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False,
                              env={**os.environ, "LC_ALL": "C"})

    def digest(self, vmsa, xml="guest.xml"):
        return self.run_virtsev("measure", self.root / xml, "--vmsa", vmsa).stdout.strip()

    def attest(self, *more, status=0, domain="guest", expect=None):
        done = self.run_virtsev("attest", f"qemu+unix:///system?socket={self.root}/sock", domain, "--expect",
                                expect or self.root / "guest.xml", "--policy", "0x5", "--tik", self.root / "tik", *more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def with_secret(self):
        return "--tek", self.root / "tek", "--secret", f"luks-key={self.root}/key"

    def test_starts_paused_verifies_injects_and_resumes(self):
        done = self.attest(*self.with_secret())
        self.assertEqual(self.host.done, ["start paused", "inject", "resume"])
        self.assertIn("attested and running", done.stdout)

    def test_the_secret_comes_as_the_firmware_takes_it(self):
        self.attest(*self.with_secret())
        header, data = (base64.b64decode(self.host.secrets[0][field]) for field in ("sev-secret-header", "sev-secret"))
        measure = base64.b64decode(self.host.launch_info["sev-measurement"])[:32]
        self.assertEqual(len(header), 52)
        lengths = struct.pack("<II", len(data), len(data))
        mac = hmac.digest(TIK, b"\x01" + header[:4] + header[4:20] + lengths + data + measure, "sha256")
        self.assertEqual(header[20:], mac)
        plain = subprocess.run(["openssl", "enc", "-d", "-aes-128-ctr", "-K", TEK.hex(), "-iv", header[4:20].hex()], input=data,
                               capture_output=True, check=True).stdout
        self.assertEqual(plain[:16], uuid.UUID("1e74f542-71dd-4d66-963e-ef4287ff173b").bytes_le)
        self.assertIn(b"the secret", plain)
        self.assertNotIn(b"the secret", data)

    def test_takes_either_vmsa_and_says_which(self):
        self.tell(self.digest("legacy"))
        done = self.attest()
        self.assertIn("--vmsa legacy", done.stderr)
        self.assertEqual(self.host.done, ["start paused", "resume"])

    def test_takes_no_other_vmsa_than_the_owners(self):
        self.tell(self.digest("legacy"))
        self.attest("--vmsa", "init2", status=1)
        self.assertEqual(self.host.done, ["start paused", "destroy"])

    def test_a_wrong_digest_destroys_it_and_scripts_hear_why(self):
        (self.root / "evil.xml").write_text(XML.format(root=self.root, line="quiet init=/bin/sh"))
        self.tell(self.digest("init2", "evil.xml"))
        answer = json.loads(self.attest("--json", *self.with_secret(), status=1).stdout)
        self.assertEqual(self.host.done, ["start paused", "destroy"])
        self.assertEqual((answer["attested"], answer["destroyed"], answer["launch_digest"]), (False, True, None))
        self.assertIn("NOT fit", answer["text"])

    def test_a_measurement_under_another_tik_destroys_it(self):
        self.host.launch_info["sev-measurement"] = measurement(self.digest("init2"), tik=bytes(16))
        self.attest(status=1)
        self.assertEqual(self.host.done, ["start paused", "destroy"])

    def test_another_policy_destroys_it(self):
        self.tell(self.digest("init2"), policy=4)
        self.assertIn("policy", self.attest(status=1).stdout)
        self.assertEqual(self.host.done, ["start paused", "destroy"])

    def test_a_policy_that_the_host_only_claims_destroys_it(self):
        self.tell(self.digest("init2"), policy=4)
        self.host.launch_info["sev-policy"] = 5
        self.assertIn("0x0004", self.attest(status=1).stdout)
        self.assertEqual(self.host.done, ["start paused", "destroy"])

    def test_a_secret_that_is_refused_destroys_it(self):
        self.host.secret_refusal = "internal error: unable to execute QEMU command 'sev-inject-launch-secret': failed"
        done = self.attest("--json", *self.with_secret(), status=2)
        self.assertEqual(self.host.done, ["start paused", "destroy"])
        answer = json.loads(done.stdout)
        self.assertTrue(answer["destroyed"])
        self.assertIn("sev-inject-launch-secret", answer["text"])

    def test_a_host_without_a_measurement_destroys_it(self):
        self.host.launch_info = {}
        self.attest(status=2)
        self.assertEqual(self.host.done, ["start paused", "destroy"])

    def test_takes_a_guest_that_stands_at_its_launch(self):
        self.host.state = (recorded.PAUSED, recorded.BY_USER)
        self.attest()
        self.assertEqual(self.host.done, ["resume"])

    def test_leaves_a_guest_alone_that_has_run_and_was_suspended(self):
        for reason, used in ((recorded.BY_USER, 900_000_000), (recorded.ON_IO_ERROR, 0)):
            with self.subTest(reason=reason, used=used):
                self.host.state, self.host.vcpu_nanoseconds = (recorded.PAUSED, reason), [0, used]
                self.assertIn("has run", self.attest(status=2).stderr)
                self.assertEqual(self.host.done, [])

    def test_believes_a_launch_state_before_vcpu_times(self):
        self.host.state = (recorded.PAUSED, recorded.BY_USER)
        self.tell(self.digest("init2"), **{"virtsev-launch": "finished"})
        self.attest(status=2)
        self.assertEqual(self.host.done, [])

    def test_leaves_a_running_guest_alone(self):
        self.host.state = (recorded.RUNNING, 1)
        self.attest(status=2)
        self.assertEqual(self.host.done, [])

    def test_finds_a_guest_by_its_uuid(self):
        self.attest(domain=str(uuid.UUID(bytes=bytes(range(16)))))
        self.assertEqual(self.host.done, ["start paused", "resume"])
        self.assertIn("not found", self.attest(domain="other", status=2).stderr)

    def test_takes_the_owners_own_copies(self):
        copy = self.root / "own"
        copy.mkdir()
        for name in ("OVMF.fd", "vmlinuz"):
            (self.root / name).rename(copy / name)
        self.assertIn("OVMF.fd", self.attest(status=2).stderr)
        self.attest("--firmware", copy / "OVMF.fd", "--kernel", copy / "vmlinuz")
        self.assertEqual(self.host.done, ["start paused", "resume"])

    def test_takes_a_digest(self):
        self.attest(expect=self.digest("init2"))
        self.assertEqual(self.host.done, ["start paused", "resume"])

    def test_a_digest_alone_takes_no_secret_along_unless_its_owner_says_so(self):
        refused = self.attest(*self.with_secret(), expect=self.digest("init2"), status=2)
        self.assertIn("--unmeasured-boot", refused.stderr)
        self.assertEqual(self.host.done, [])
        self.attest(*self.with_secret(), "--unmeasured-boot", expect=self.digest("init2"))
        self.assertEqual(self.host.done, ["start paused", "inject", "resume"])

    def record(self, platform, **values):
        pdh = base64.b64decode(self.host.node_sev_info["pdh"])
        point = pdh[0x14:0x14 + 48][::-1] + pdh[0x5c:0x5c + 48][::-1]
        (self.root / "session.json").write_text(json.dumps({"policy": 5, "platform": platform,
                                                            "pdh_key_sha256": hashlib.sha256(point).hexdigest(), **values}))

    def test_the_record_of_the_session_is_what_counts(self):
        self.record("amd")
        self.attest()
        self.assertEqual(self.host.done, ["start paused", "resume"])

    def test_a_host_that_lies_about_its_platform_gets_nothing(self):
        # All that it shows is an AMD platform's; the session was made for a simulated one.
        self.record("simulated")
        self.assertIn("SIMULATED", self.attest(status=3).stdout)
        self.record("amd", pdh_key_sha256="00" * 32)
        self.assertIn("not the one that the session was made for", self.attest(*self.with_secret(), status=1).stdout)
        self.record("unverified")
        self.assertIn("--allow-unverified", self.attest(status=1).stdout)
        self.assertEqual(self.host.done, [])
        self.attest("--allow-unverified")
        self.assertEqual(self.host.done, ["start paused", "resume"])

    def test_the_record_can_lie_in_another_folder(self):
        (self.root / "kept").mkdir()
        self.assertIn("no session.json", self.attest("--session", self.root / "kept", status=2).stderr)
        self.record("simulated")
        (self.root / "session.json").rename(self.root / "kept/session.json")
        self.attest("--session", self.root / "kept", status=3)

    def test_a_record_that_is_none_is_not_passed_over(self):
        for content in ("", "{}", "[1]", '{"policy": -5, "platform": "amd", "pdh_key_sha256": ""}'):
            (self.root / "session.json").write_text(content)
            self.assertIn("session.json", self.attest(status=2).stderr)
        self.record("amd", policy=7)
        self.assertIn("made for", self.attest(status=2).stderr)
        self.assertEqual(self.host.done, [])

    def test_keys_without_a_record_need_a_host_whose_chain_holds(self):
        chain = bytearray(base64.b64decode(self.host.node_sev_info["cert-chain"]))
        chain[4168 + 0x41c] ^= 1
        self.host.node_sev_info["cert-chain"] = base64.b64encode(chain).decode()
        self.assertIn("--allow-unverified", self.attest(status=1).stdout)
        self.assertEqual(self.host.done, [])
        self.attest("--allow-unverified")

    def test_asks_the_host_for_nothing_where_the_owner_is_wrong(self):
        (self.root / "key").write_bytes(b"x" * 3072)
        too_large = self.attest(*self.with_secret(), status=2)
        self.assertIn("room for 3072", too_large.stderr)
        (self.root / "OVMF.fd").write_bytes(firmware(secret_room=0))
        self.assertIn("no place", self.attest(*self.with_secret(), status=2).stderr)
        self.assertIn("--tek", self.attest("--secret", f"luks-key={self.root}/key", status=2).stderr)
        self.attest("--kernel", self.root / "vmlinuz", expect="ab" * 32, status=2)
        self.assertEqual(self.host.done, [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "--verbose"])
