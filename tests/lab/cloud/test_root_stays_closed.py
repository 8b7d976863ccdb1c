#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cloud guest's encrypted root opens for its owner's guest only: not with a changed kernel or initrd, not with another guest's secret.
(That it opens with the right ones, examples/cloud-guest shows.)

usage: tests/lab/run tests/lab/cloud/test_root_stays_closed.py [-v]      after examples/cloud-image/make
VIRTSEV_CLOUD_IMAGE=DIR: an image that was made there."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "suite"))
from host import SOURCE, Host  # noqa: E402

CLOSED = "cloud guest: the root stays closed: "


def image_directory():
    return pathlib.Path(os.environ.get("VIRTSEV_CLOUD_IMAGE") or
                        subprocess.check_output([SOURCE / "examples/cloud-image/make", "--where"], text=True).strip())


def change_byte(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def end_of_checksum(kernel):
    """The last byte of what is loaded of a bzImage (Linux, Documentation/x86/boot.rst: setup_sects, syssize; a signature may follow in
    the file). It belongs to a checksum that no boot looks at, so a kernel runs whatever it is."""
    return (kernel[0x1f1] + 1) * 512 + int.from_bytes(kernel[0x1f4:0x1f8], "little") * 16 - 1


class RootStaysClosed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.image = image_directory()
        os.environ["VIRTSEV_EXAMPLE_INITRD"] = str(cls.image / "initrd.img")
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        # The header with its key slots: no more is read of a disk that stays closed, and another guest may run from the image.
        cls.disk = cls.host.root / "disk.img"
        with open(cls.image / "disk.img", "rb") as image:
            cls.disk.write_bytes(image.read(4 << 20))
        os.truncate(cls.disk, (cls.image / "disk.img").stat().st_size)

    def setUp(self):
        # The host's own copies of what the owner has prepared.
        shutil.copy(self.image / "vmlinuz", self.host.kernel)
        shutil.copy(self.image / "initrd.img", self.host.initrd)

    def launch(self, name):
        """As the host starts it, from its own kernel and initrd."""
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{self.disk}'/>"
                "<target dev='vda' bus='virtio'/></disk>")
        domain = self.host.domain(name, vcpus=1, memory=512, session=True, devices=disk,
                                  command_line="console=ttyS0 quiet root=/dev/mapper/root rw panic=5").define()
        domain.must("start", "--paused")
        self.addCleanup(domain.virsh, "destroy")
        return domain

    def verify(self, domain):
        """As the owner does: against the XML, with the owner's kernel and initrd."""
        owners = self.host.root / f"{domain.name}-of-owner.xml"
        owners.write_text(domain.xml.read_text().replace(str(self.host.kernel), f"{self.image}/vmlinuz")
                          .replace(str(self.host.initrd), f"{self.image}/initrd.img"))
        return domain.verify(xml=owners)

    def assert_stays_closed(self, domain, reason):
        """The host lets it run, whatever the owner says; the guest gives up, and switches itself off."""
        with domain.console() as console:
            domain.must("resume")
            console.await_text(CLOSED + reason, seconds=1200)
            self.assertNotIn("the root is open", console.text)
            console.await_end()
        self.assertEqual(domain.state(), "shut off (shutdown)")

    def test_with_a_changed_byte_in_the_kernel_it_does_not_verify_and_without_a_secret_nothing_opens(self):
        change_byte(self.host.kernel, end_of_checksum(self.host.kernel.read_bytes()))
        domain = self.launch("changed-kernel")
        told = self.verify(domain)
        self.assertEqual(told.status, 1, told)
        self.assert_stays_closed(domain, "there is no launch secret")

    def test_with_a_changed_byte_in_the_initrd_it_does_not_verify(self):
        change_byte(self.host.initrd, -1)
        domain = self.launch("changed-initrd")
        told = self.verify(domain)
        self.assertEqual(told.status, 1, told)

    def test_another_guests_secret_opens_nothing(self):
        other = self.launch("other")
        self.assertEqual(self.verify(other).status, 0)
        packed = other.inject((self.image / "disk.key").read_bytes())
        self.assertEqual(packed.status, 0, packed)
        other.must("destroy")

        domain = self.launch("mine")
        verified = self.verify(domain)
        self.assertEqual(verified.status, 0, verified)
        # What was packed for the other's launch can't be handed to this one, though the right key is in it.
        for part in ("secret_header.b64", "secret.b64"):
            shutil.copy(other.owner / part, domain.owner)
        refused = domain.inject_packed()
        self.assertNotEqual(refused.status, 0, refused)
        # And the key of another disk fits no lock of this one.
        given = domain.inject(b"0123456789abcdef" * 4)
        self.assertEqual(given.status, 0, given)
        self.assert_stays_closed(domain, "the secret does not fit the disk")


if __name__ == "__main__":
    unittest.main()
