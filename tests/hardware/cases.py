#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has to be shown on hardware. Called by tests/hardware/run, with virtsevd, virtsev-vmm and virtsev on PATH; the lab suite calls it
with the simulated platform, so that it works on the day when somebody has hardware.

usage: [VIRTSEV_CEK=FILE] cases.py hardware|simulated [TEST...]"""

import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

import chain
from traced_host import TracedHost

PLATFORM = sys.argv[1] if len(sys.argv) > 1 else "hardware"
SHELL = "console=ttyS0 quiet virtsev.shell"
FEATURES = {"0x1": "AMD SEV", "0x5": "AMD SEV SEV-ES"}


class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = TracedHost(PLATFORM)
        cls.addClassCleanup(cls.host.close)
        cls.addClassCleanup(cls.host.show_logs)

    def started(self, name, policy="0x1", **values):
        domain = self.defined(name, policy, **values)
        domain.must("start", "--paused")
        return domain

    def defined(self, name, policy, **values):
        domain = self.host.domain(name, policy=policy, **{"vcpus": 1, **values}).define()
        self.addCleanup(self.remove, domain)
        return domain

    def remove(self, domain):
        if "shut off" not in domain.state():
            domain.virsh("destroy")
        domain.virsh("undefine")


class Debugger:
    """virtsev debug, and gdb's remote protocol in place of gdb."""

    def __init__(self, host, domain):
        self.process = subprocess.Popen(["virtsev", "debug", host.uri, domain.name], env=host.environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)

    def ask(self, packet):
        self.process.stdin.write(f"${packet}#{sum(packet.encode()) & 0xff:02x}".encode())
        self.process.stdin.flush()
        answer = b""
        while (piece := self.process.stdout.read(1)) not in (b"#", b""):
            answer += piece
        self.process.stdout.read(2)
        print(f"debugger: {packet} -> {answer.decode()}", flush=True)
        return answer.decode().lstrip("+$")


class Platform(Cases):
    def test_certificates_are_exported_and_hold(self):
        """Up to AMD's root on hardware, as far as the exported CEK is signed (chain.py); the simulated root is none of AMD's."""
        certificates = self.host.root / "exported.cert"
        self.assertEqual(0, self.host.virsh("nodesevinfo").status)
        self.assertEqual(0, self.host.virtsev("platform", "export", "--uri", self.host.uri, "--out", certificates).status)
        self.assertEqual(0, self.host.virtsev("platform", "show", certificates).status)
        print(chain.check(self.host.virtsev, certificates, PLATFORM, os.environ.get("VIRTSEV_CEK")), flush=True)


class Guests(Cases):
    def runs(self, name, policy, vcpus, memory=512):
        """Measured, given a secret, run, switched off."""
        domain = self.started(name, policy, vcpus=vcpus, memory=memory, session=True)
        flavour = domain.flavour()
        self.assertIsNotNone(flavour, "the measurement fits no prediction")
        print("VMSA flavour:", flavour)
        secret = os.urandom(32)
        self.assertEqual(0, domain.inject(secret).status)
        with domain.console() as console:
            domain.must("resume")
            text = console.await_text("example guest: ready", 180)
            print(text)
            self.assertRegex(text, rf"Memory Encryption Features active: {FEATURES[policy]}\s*\n")
            self.assertIn(f"{vcpus} CPUs online", text)
            self.assertIn(hashlib.sha256(secret).hexdigest(), text)
            domain.must("shutdown")
            console.await_end()
        self.assertEqual("shut off (shutdown)", domain.state())

    def test_sev(self):
        self.runs("hw-sev", "0x1", 1)

    def test_sev_with_2_vcpus(self):
        self.runs("hw-sev-2", "0x1", 2)

    def test_sev_es(self):
        self.runs("hw-es", "0x5", 1)

    def test_sev_es_with_2_vcpus_or_its_refusal(self):
        """Hardware can't start the second vCPU without an AP jump table: such a start has to be refused with that reason."""
        if PLATFORM == "simulated":
            self.runs("hw-es-2", "0x5", 2)
            return
        domain = self.defined("hw-es-2", "0x5", vcpus=2)
        refused = domain.virsh("start", "--paused")
        self.assertNotEqual(0, refused.status)
        self.assertIn("jump table", refused.errors)

    def test_memory_above_3_gib(self):
        """The hole below 4 GiB, and what lies above it."""
        self.runs("hw-large", "0x1", 1, memory=4608)

    def test_secret_with_a_wrong_mac_is_refused(self):
        domain = self.started("hw-mac", "0x5", session=True)
        self.assertEqual(0, domain.inject(b"a secret").status)
        header = domain.owner / "secret_header.b64"
        wrong = bytearray(base64.b64decode(header.read_text()))
        wrong[-1] ^= 1
        header.write_text(base64.b64encode(wrong).decode())
        self.assertNotEqual(0, domain.inject_packed().status)
        self.assertEqual("paused (user)", domain.state())
        self.assertEqual(0, domain.inject(b"another").status, "it still takes the right one")

    def test_debugger_reads_and_writes_where_the_policy_lets_it(self):
        """DBG_DECRYPT and DBG_ENCRYPT: of the command line, as the plan loads it, and of bytes that fill no unit of the cipher."""
        domain = self.started("hw-debug", "0x0")
        with Debugger(self.host, domain) as debugger:
            self.assertEqual(b"console=ttyS0", bytes.fromhex(debugger.ask("m8000,d")))
            self.assertEqual("OK", debugger.ask("M8003,1:53"))
            self.assertEqual(b"conSole=ttyS0", bytes.fromhex(debugger.ask("m8000,d")))
            self.assertEqual((0x1000000).to_bytes(8, "little").hex(), debugger.ask("p10"), "the instruction pointer")
        core = self.host.root / "core"
        domain.must("dump", core, "--memory-only")
        with open(core, "rb") as file:
            self.assertIn(b"conSole=ttyS0", file.read(1 << 20))
        core.unlink()

    def test_debugger_is_refused_where_the_policy_forbids_it(self):
        domain = self.started("hw-closed", "0x1")
        refused = domain.virsh("dump", self.host.root / "core", "--memory-only")
        self.assertNotEqual(0, refused.status)
        self.assertIn("NODBG", refused.errors)

    def reboot_itself(self, domain, console):
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell", 180)
        console.type("reboot -f\n")
        console.await_text("reboot: Restarting system", 60)

    def test_sev_guest_that_reboots_itself_is_launched_anew(self):
        """Under the same id, with another monitor, on the same console."""
        domain = self.started("hw-reboot", "0x1", command_line=SHELL)
        identity, monitor = domain.identity(), self.host.vmm_of("hw-reboot")
        with domain.console() as console:
            self.reboot_itself(domain, console)
            console.forget("reboot: Restarting system")
            console.await_text("example guest: ready", 180)
        self.assertEqual(identity, domain.identity())
        self.assertNotEqual(monitor, self.host.vmm_of("hw-reboot"))

    def test_sev_es_guest_that_reboots_itself_is_shut_off(self):
        domain = self.started("hw-es-reboot", "0x5", command_line=SHELL)
        with domain.console() as console:
            self.reboot_itself(domain, console)
            console.await_end()
        self.assertRegex(domain.state(), "^shut off")

    def test_triple_fault_of_an_sev_es_guest_ends_it(self):
        domain = self.started("hw-fault", "0x5", command_line=SHELL + " reboot=t")
        with domain.console() as console:
            self.reboot_itself(domain, console)
            console.await_end()
        self.assertRegex(domain.state(), "^shut off")

    def test_monitor_is_nobodys_and_may_lock_all_memory(self):
        """SEV pins guest memory: the limit that counts is the monitor's own, and it is not root."""
        self.started("hw-lock", "0x1")
        process = pathlib.Path(f"/proc/{self.host.vmm_of('hw-lock')}")
        status = (process / "status").read_text()
        print("\n".join(re.findall(r"(?m)^(?:Uid|VmLck|VmPin|NoNewPrivs|Seccomp):.*$", status)))
        if os.geteuid() == 0:
            self.assertNotRegex(status, r"(?m)^Uid:\s0\b")
        soft = re.search(r"Max locked memory +(\S+)", (process / "limits").read_text())[1]
        if soft != "unlimited":
            self.fail(f"the monitor may lock {soft} bytes only")


class Report(unittest.TextTestResult):
    """A line for each case, for who reads the report: shown, or not, and why."""

    def startTest(self, test):
        print(f"\n===== {self.name(test)}", flush=True)
        super().startTest(test)
        self.verdicts = getattr(self, "verdicts", [])
        self.began = time.monotonic()

    def name(self, test):
        return test.id().split(".", 1)[1]

    def addSuccess(self, test):
        super().addSuccess(test)
        self.verdicts.append(f"shown on this {PLATFORM} platform: {self.name(test)} ({time.monotonic() - self.began:.0f} s)")

    def not_shown(self, test, error):
        reason = str(error[1]).strip().splitlines() or [error[0].__name__]
        self.verdicts.append(f"NOT shown: {self.name(test)}: {reason[0][:200]}")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.not_shown(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self.not_shown(test, error)


if __name__ == "__main__":
    loader = unittest.TestLoader()
    names = sys.argv[2:]
    suite = loader.loadTestsFromNames(names, sys.modules["__main__"]) if names else loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Report, verbosity=0).run(suite)
    print("\n===== Result")
    print("\n".join(getattr(result, "verdicts", [])))
    sys.exit(0 if result.wasSuccessful() else 1)
