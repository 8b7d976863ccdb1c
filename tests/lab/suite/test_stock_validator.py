# SPDX-License-Identifier: LGPL-2.1-or-later
"""An owner who trusts libvirt's own tool more: virt-qemu-sev-validate accepts a running guest's measurement from what `virtsev measure
--dump` wrote, and packs its secret. And virtsev attest leaves a guest alone whose launch is over."""
import unittest

from host import LUKS_KEY, Host, run

# With the distribution's own Python, whose modules it needs.
VALIDATOR = ("/usr/bin/python3", "/usr/bin/virt-qemu-sev-validate")
SECRET = b"a key that another tool has packed"


class StockValidator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if run(*VALIDATOR, "--help").status != 0:
            raise unittest.SkipTest("virt-qemu-sev-validate can't be run; it is in Debian's libvirt-clients-qemu")
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def dump(self, domain, name):
        directory = self.host.root / name
        result = self.host.virtsev("measure", domain.xml, "--vmsa", "init2", "--dump", directory)
        self.assertEqual(result.status, 0, result)
        return directory

    def validate(self, domain, dump, *more):
        launch = domain.launch()
        api_major, api_minor = launch.api.split(".")
        vcpus = sorted(dump.glob("vmsa*.bin"))
        measured = ["--firmware", dump / "regions.bin"]
        if vcpus:
            # It takes all vCPUs but the first for alike, as they are.
            measured += ["--num-cpus", len(vcpus), "--vmsa-cpu0", vcpus[0], "--vmsa-cpu1", vcpus[-1]]
        return run(*VALIDATOR, "--measurement", launch.measurement, "--api-major", api_major, "--api-minor", api_minor,
                   "--build-id", launch.build, "--policy", int(domain.policy, 16), "--tik", domain.owner / "tik.bin", "--tek",
                   domain.owner / "tek.bin", *measured, *more)

    def assert_stock_tool_suffices(self, domain, files):
        domain.define().must("start", "--paused")
        self.addCleanup(domain.virsh, "destroy")
        dump = self.dump(domain, f"dump-{domain.name}")
        self.assertEqual(sorted(path.name for path in dump.iterdir()), files)
        fits = self.validate(domain, dump)
        self.assertEqual(fits.status, 0, fits)

        for path in dump.iterdir():
            with self.subTest(f"one changed byte in {path.name}, and it accepts no more"):
                content = path.read_bytes()
                middle = len(content) // 2
                path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:])
                self.assertNotEqual(self.validate(domain, dump).status, 0)
                path.write_bytes(content)

        key, header, payload = (self.host.root / f"{domain.name}.{kind}" for kind in ("key", "header", "payload"))
        key.write_bytes(SECRET)
        packed = self.validate(domain, dump, "--inject-secret", f"{LUKS_KEY}:{key}", "--secret-header", header,
                               "--secret-payload", payload)
        self.assertEqual(packed.status, 0, packed)
        injected = domain.virsh("domsetlaunchsecstate", "--secrethdr", header, "--secret", payload)
        self.assertEqual(injected.status, 0, injected)

        with self.subTest("the same secret for another launch is refused by the firmware"):
            domain.must("destroy")
            domain.must("start", "--paused")
            self.assertNotEqual(domain.virsh("domsetlaunchsecstate", "--secrethdr", header, "--secret", payload).status, 0)

    def test_sev(self):
        self.assert_stock_tool_suffices(self.host.domain("sev", policy="0x1", vcpus=1, session=True), ["regions.bin"])

    def test_sev_es_with_two_vcpus(self):
        self.assert_stock_tool_suffices(self.host.domain("es", policy="0x7", vcpus=2, session=True),
                                        ["regions.bin", "vmsa0.bin", "vmsa1.bin"])

    def test_attest_leaves_a_suspended_guest_as_it_is(self):
        domain = self.host.domain("suspended", policy="0x5", vcpus=1, session=True).define()
        self.addCleanup(domain.virsh, "destroy")
        for command in (("start", "--paused"), ("resume",), ("suspend",)):
            domain.must(*command)
        result = self.host.virtsev("attest", self.host.uri, domain.name, "--expect", domain.xml, "--policy", "0x5", "--tik",
                                   domain.owner / "tik.bin", "--allow-simulated")
        self.assertEqual(result.status, 2, result)
        self.assertIn("has run", result.errors)
        self.assertEqual(domain.state(), "paused (user)")


if __name__ == "__main__":
    unittest.main()
