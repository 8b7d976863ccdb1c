# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's own firmware takes GRUB, and GRUB a kernel, from a GPT disk: unmodified, with SEV and with SEV-ES."""
import pathlib
import unittest

from gpt_disk import make_disk, missing
from host import Host
from test_disks_and_networks import disk

FIRMWARE = pathlib.Path("/usr/share/OVMF/OVMF_CODE.fd")


class Uefi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not FIRMWARE.exists():
            raise unittest.SkipTest(f"there is no {FIRMWARE}; it is in Debian 12's ovmf")
        if lacks := missing():
            raise unittest.SkipTest(f"the guest's disk can't be made without {lacks}")
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd("virtio_pci", "virtio_blk")
        cls.disk = make_disk(cls.host.root / "disk.img", cls.host.kernel, cls.initrd, "console=ttyS0 quiet virtsev.shell")

    def guest(self, name, chosen=False, **values):
        """`chosen`: by the host, and not named."""
        domain = self.host.domain(name, memory=512, session=True, devices=disk(self.disk), **values)
        document = domain.xml.read_text()
        start, end = document.index("<kernel>"), document.index("</os>")
        loader = f"<loader readonly='yes' type='rom'>{FIRMWARE}</loader>"
        document = document[:start] + ("" if chosen else loader) + document[end:]
        domain.xml.write_text(document.replace("<os>", "<os firmware='efi'>") if chosen else document)
        return domain

    def boots(self, domain, vcpus, protection):
        domain.define()
        self.addCleanup(domain.virsh, "destroy")
        domain.must("start", "--paused")
        verified = domain.verify_firmware(FIRMWARE)
        self.assertEqual(verified.status, 0, verified)
        self.assertIn(f"{FIRMWARE}</loader>", domain.must("dumpxml"))
        with domain.console() as console:
            domain.must("resume")
            console.await_text("GRUB takes the kernel from its disk")
            console.await_text("a shell, as virtsev.shell")
            self.assertIn(f"Memory Encryption Features active: AMD {protection}\n", console.text)
            self.assertIn(f"{vcpus} CPUs online", console.text)
            console.type("ls /sys/firmware/efi/systab && poweroff -f\n")
            console.await_end()
        self.assertEqual(domain.state(), "shut off (shutdown)")

    def test_a_sev_guest_comes_up_from_its_disk(self):
        self.boots(self.guest("sev", policy="0x1", vcpus=1), 1, "SEV")

    def test_an_sev_es_guest_with_two_vcpus_and_the_hosts_choice_of_firmware_comes_up_from_its_disk(self):
        self.boots(self.guest("es", chosen=True, policy="0x7", vcpus=2), 2, "SEV SEV-ES")


if __name__ == "__main__":
    unittest.main()
