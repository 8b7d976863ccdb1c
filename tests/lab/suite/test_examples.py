# SPDX-License-Identifier: LGPL-2.1-or-later
"""Examples of domain XML, as they stand but for the places of kernel and initrd, and with an owner's session."""
import re
import unittest

from host import SOURCE, Host


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def test_policy_5_is_launched_and_verified(self):
        domain = self.host.domain("sev-es-key-sharing-example", policy="0x5", session=True)
        session = re.search(r"<dhCert>.*</session>", domain.xml.read_text(), re.S).group(0)
        example = (SOURCE / "examples/sev-es-key-sharing.xml").read_text()
        domain.xml.write_text(example.replace("/vmlinuz", str(self.host.kernel)).replace("</policy>", "</policy>" + session)
                              .replace("/var/lib/virtsev-example/initrd.img</initrd>", f"{self.host.initrd}</initrd>"))
        domain.define()
        domain.must("start", "--paused")
        self.assertEqual(domain.launch().fields["sev-policy"], "5")
        fits = domain.verify()
        self.assertEqual(fits.status, 0, fits)
        with domain.console() as console:
            domain.must("resume")
            self.assertIn("Memory Encryption Features active: AMD SEV SEV-ES\n", console.await_text("example guest: ready"))


if __name__ == "__main__":
    unittest.main()
