# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Linux guest with devices on PCI, by a monitor alone: they are found, and move their data through shared memory."""
import os
import pathlib
import shutil
import tempfile
import unittest

from host import SOURCE, run

COMMANDS = "; ".join(["cat /sys/class/misc/hw_random/rng_current", "head -c 4096 /dev/hwrng | wc -c",
                      "cat /sys/bus/pci/devices/0000:00:01.0/resource", "grep PCI-MSI /proc/interrupts", "dmesg | grep -e 'PCI: MMCONFIG' -e 'software IO'", "poweroff -f"])


class Devices(unittest.TestCase):
    def test_linux_takes_random_numbers_from_the_entropy_device(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-devices."))
        self.addCleanup(shutil.rmtree, directory)
        kernel = directory / "kernel"
        newest = sorted(pathlib.Path("/boot").glob("vmlinuz-*"), key=lambda path: path.stat().st_mtime)[-1]
        shutil.copy(newest, kernel)
        made = run(SOURCE / "examples/initrd/make", directory / "initrd", newest.name.removeprefix("vmlinuz-"), "virtio_pci",
                   "virtio_rng")
        self.assertEqual(made.status, 0, made)
        build = pathlib.Path(os.environ["VIRTSEV_BUILD"])
        guest = run(build / "tests/driver/vmm/boot_guest", "--kernel", kernel, "--initrd", directory / "initrd", "--entropy",
                    "--vcpus", "2", "--cmdline", "console=ttyS0 quiet virtsev.shell", "--type-after", "a shell, as", "--type",
                    COMMANDS, env={**os.environ, "VIRTSEV_VMM": str(build / "driver/vmm/virtsev-vmm")})
        self.assertEqual(guest.status, 0, guest)
        lines = guest.output.replace("\r", "").splitlines()
        self.assertIn("virtio_rng.0", lines, guest)
        self.assertIn("4096", lines, guest)
        # Where the monitor had put them: the kernel moves nothing.
        self.assertTrue(any(line.startswith("0x00000000c0100000 0x00000000c0103fff") for line in lines), guest)
        for wanted in ("example guest: Memory Encryption Features active: AMD SEV SEV-ES", "PCI: MMCONFIG at [mem 0xe0000000-0xefffffff] reserved",
                       "virtio0-input", "software IO TLB: Memory encryption is active and system is using DMA bounce buffers"):
            self.assertIn(wanted, guest.output)
        self.assertIn("ended: poweroff", guest.output)


if __name__ == "__main__":
    unittest.main()
