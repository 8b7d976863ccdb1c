# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk as a distribution installs one: GPT, and on its EFI system partition GRUB, a kernel and an initrd."""
import binascii
import pathlib
import shutil
import struct
import subprocess
import uuid

SECTOR, FIRST, MIB = 512, 2048, 2048
SYSTEM_PARTITION = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
GRUB = pathlib.Path("/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed")
MKFS = "/usr/sbin/mkfs.vfat"
CONFIGURATION = """serial --unit=0
terminal_input serial
terminal_output serial
echo "GRUB takes the kernel from its disk"
linux /vmlinuz {command_line}
initrd /initrd
boot
"""


def missing():
    """What make_disk() needs and is not there, and Debian's package that has it; empty: nothing."""
    packages = {MKFS: "dosfstools", "mcopy": "mtools", str(GRUB): "grub-efi-amd64-signed"}
    return ", ".join(f"{name} ({package})" for name, package in packages.items()
                     if not (shutil.which(name) or pathlib.Path(name).exists()))


def tables(sectors, last):
    """What lies before the partition, and behind it (UEFI specification, 5.3)."""
    disk = uuid.uuid4()
    entry = struct.pack("<16s16sQQQ72s", SYSTEM_PARTITION.bytes_le, uuid.uuid4().bytes_le, FIRST, last, 0, "EFI".encode("utf-16-le"))
    entries = entry.ljust(128 * 128, b"\0")

    def header(here, other, table):
        def made(checksum):
            return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, here, other, 34, sectors - 34,
                               disk.bytes_le, table, 128, 128, binascii.crc32(entries))
        return made(binascii.crc32(made(0))).ljust(SECTOR, b"\0")

    protective = (bytes(446) + struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xee, b"\xff\xff\xff", 1, sectors - 1) + bytes(48) +
                  b"\x55\xaa")
    return protective + header(1, sectors - 1, 2) + entries, entries + header(sectors - 1, 1, sectors - 33)


def make_disk(image, kernel, initrd, command_line, mib=64):
    sectors = mib * MIB
    end = sectors - MIB
    file_system, configuration = image.with_suffix(".fat"), image.with_suffix(".cfg")
    configuration.write_text(CONFIGURATION.format(command_line=command_line))
    with open(file_system, "wb") as file:
        file.truncate((end - FIRST) * SECTOR)
    subprocess.run([MKFS, "-F", "32", file_system], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mmd", "-i", file_system, "::/EFI", "::/EFI/BOOT", "::/EFI/debian"], check=True)
    for source, target in ((GRUB, "EFI/BOOT/BOOTX64.EFI"), (configuration, "EFI/debian/grub.cfg"), (kernel, "vmlinuz"),
                           (initrd, "initrd")):
        subprocess.run(["mcopy", "-i", file_system, source, f"::/{target}"], check=True)
    before, behind = tables(sectors, end - 1)
    with open(image, "wb") as out:
        out.write(before)
        out.seek(FIRST * SECTOR)
        out.write(file_system.read_bytes())
        out.seek((sectors - 33) * SECTOR)
        out.write(behind)
    file_system.unlink()
    return image
