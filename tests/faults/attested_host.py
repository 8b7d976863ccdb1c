# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host of qemu:// with one guest, whose answers a test writes, and the guest's owner with keys and files."""

import base64
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

import fault

sys.path[:0] = [os.path.join(fault.ROOT, "tests/integration/attest"), os.path.join(fault.ROOT, "tests/tools")]
import recorded_libvirtd as recorded  # noqa: E402
from synthetic_firmware import firmware  # noqa: E402

API, BUILD, POLICY = (1, 51), 3, 5
TIK, TEK = b"T" * 16, b"E" * 16

XML = """<domain type='kvm'><name>guest</name><memory unit='GiB'>2</memory><vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><loader readonly='yes' type='pflash'>{root}/OVMF.fd</loader>{kernel}</os>
  <cpu mode='custom'><model>EPYC-Milan</model></cpu>
  <launchSecurity type='sev' kernelHashes='yes'><policy>0x0005</policy></launchSecurity></domain>"""
KERNEL = "<kernel>{root}/vmlinuz</kernel><cmdline>quiet</cmdline>"


class AttestedHost(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-fault."))
        self.addCleanup(shutil.rmtree, self.root)
        self.host = recorded.RecordedLibvirtd(str(self.root / "sock"))
        self.addCleanup(self.host.close)
        pdh, chain = recorded.published_chain(fault.ROOT)
        self.host.node_sev_info = {"pdh": base64.b64encode(pdh).decode(), "cert-chain": base64.b64encode(chain).decode(),
                                   "cbitpos": 47, "reduced-phys-bits": 1}
        for name, content in (("OVMF.fd", firmware()), ("vmlinuz", b"k" * 3000), ("tik", TIK), ("tek", TEK), ("key", b"the secret")):
            (self.root / name).write_bytes(content)
        self.xml = self.write_xml(KERNEL)

    def write_xml(self, kernel):
        path = self.root / "guest.xml"
        path.write_text(XML.format(root=self.root, kernel=kernel.format(root=self.root)))
        return path

    def launch(self, nonce):
        """The host shows a launch of the guest as it is expected; its measurement."""
        digest = bytes.fromhex(self.virtsev("measure", self.xml, "--vmsa", "init2").stdout.strip())
        measured = b"\x04" + bytes([*API, BUILD]) + struct.pack("<I", POLICY) + digest + nonce
        measurement = base64.b64encode(hmac.digest(TIK, measured, "sha256") + nonce).decode()
        self.host.launch_info = {"sev-measurement": measurement, "sev-api-major": API[0], "sev-api-minor": API[1], "sev-build-id": BUILD,
                                 "sev-policy": POLICY}
        return measurement

    def virtsev(self, *arguments):
        return subprocess.run([fault.VIRTSEV, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "LC_ALL": "C"})

    def secret(self):
        return "--tek", self.root / "tek", "--secret", f"luks-key={self.root}/key"

    def attest(self, *more):
        self.host.done.clear()
        return self.virtsev("attest", f"qemu+unix:///system?socket={self.root}/sock", "guest", "--expect", self.xml, "--policy", "0x5",
                            "--tik", self.root / "tik", *more)

    def verify(self, measurement):
        done = self.virtsev("verify", self.xml, "--measurement", measurement, "--tik", self.root / "tik", "--policy", "0x5", "--api",
                            f"{API[0]}.{API[1]}", "--build", BUILD, "--json")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout), done.stderr

    def pack(self, measurement, *more):
        return self.virtsev("secret", "--tik", self.root / "tik", "--tek", self.root / "tek", "--measurement", measurement, "--entry",
                            f"luks-key={self.root}/key", "--out", self.root / "packed", *more)
