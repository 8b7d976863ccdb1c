# SPDX-License-Identifier: LGPL-2.1-or-later
"""From XML to a running, attested guest: what virtsev is for."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from host import Host, run

SECRET = b"the owner's disk key \0 with a zero in it\n"
DIGEST = hashlib.sha256(SECRET).hexdigest()


def changed(path):
    """Flips one bit in the middle of a file, and gives the way back."""
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:])
    return lambda: path.write_bytes(content)


class Attestation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def assert_runs_with_its_secret(self, domain, features, cpus):
        """Started paused, measured, verified, given a secret, resumed: returns the open console."""
        domain.must("start", "--paused")
        self.assertEqual(domain.state(), "paused (user)")
        fits = domain.verify()
        self.assertEqual(fits.status, 0, fits)
        given = domain.inject(SECRET)
        self.assertEqual(given.status, 0, given)
        self.assertEqual(domain.state(), "paused (user)")
        console = domain.console()
        self.addCleanup(console.__exit__)
        # Nothing of the guest has run; what it says from its first line on is to be seen.
        domain.must("resume")
        text = console.await_text("example guest: ready")
        self.assertIn(f"Memory Encryption Features active: {features}\n", text)
        self.assertIn(f", {cpus} CPUs online\n", text)
        self.assertIn(f"secret read, SHA-256 {DIGEST}\n", text)
        self.assertEqual(domain.state(), "running (unpaused)")
        return console

    def test_sev_es_guest_with_two_vcpus(self):
        domain = self.host.domain("es", policy="0x7", vcpus=2, session=True, command_line="console=ttyS0 quiet virtsev.shell")
        domain.define()
        console = self.assert_runs_with_its_secret(domain, "AMD SEV SEV-ES", 2)

        with self.subTest("the console takes what is typed"):
            console.type("echo $((6 * 7))-answer\r")
            console.await_text("42-answer")

        with self.subTest("virsh reboot is refused with the reason, and the guest runs on"):
            refused = domain.virsh("reboot")
            self.assertNotEqual(refused.status, 0)
            self.assertIn("SEV-ES", refused.errors)
            self.assertEqual(domain.state(), "running (unpaused)")

        with self.subTest("one changed byte, and the measurement fits no more"):
            for path in (self.host.kernel, self.host.initrd):
                back = changed(path)
                self.assertEqual(domain.verify().status, 1, path)
                back()
            original = domain.xml.read_text()
            for before, after in (("quiet", "quieT"), ("<vcpu>2", "<vcpu>1"), ("0x7", "0x5"), (">256<", ">257<")):
                self.assertIn(before, original)
                other = domain.xml.with_suffix(".other")
                other.write_text(original.replace(before, after))
                result = domain.verify(xml=other)
                self.assertEqual(result.status, 1, f"{before} {result}")
            self.assertEqual(domain.verify().status, 0)

        with self.subTest("the prediction needs no daemon and no KVM: an empty chroot has the files alone"):
            self.assertEqual(self.digest_in_chroot(domain), self.host.virtsev("measure", domain.xml).output)

        with self.subTest("virsh shutdown switches it off through ACPI"):
            domain.must("shutdown")
            console.await_end()
            self.assertIn("power button", console.text)
            self.assertEqual(domain.state(), "shut off (shutdown)")
            self.assertEqual(domain.identity(), "-")
        domain.must("undefine")

    def digest_in_chroot(self, domain):
        root = self.host.root / "chroot"
        program = shutil.which("virtsev")
        libraries = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", program], capture_output=True, text=True,
                                                              check=True).stdout)
        for path in [domain.xml, self.host.kernel, self.host.initrd] + [pathlib.Path(path) for path in libraries]:
            target = pathlib.Path(f"{root}{path}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(path), target)
        shutil.copy(program, root / "virtsev")
        result = run("/usr/sbin/chroot", root, "/virtsev", "measure", domain.xml)
        self.assertEqual(result.status, 0, result)
        return result.output

    def test_sev_guest_with_one_vcpu(self):
        domain = self.host.domain("sev", policy="0x1", vcpus=1, session=True)
        domain.define()
        console = self.assert_runs_with_its_secret(domain, "AMD SEV", 1)
        domain.must("destroy")
        console.await_end()
        self.assertEqual(domain.state(), "shut off (destroyed)")


if __name__ == "__main__":
    unittest.main()
