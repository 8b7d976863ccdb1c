# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests of a few instructions, for tests that look at the monitor: a bzImage around them, and their definition."""

import os
import struct

HALT = b"\xfa\xf4\xeb\xfd"  # cli; 1: hlt; jmp 1b

SECTOR = 512


def bzimage(code):
    """Linux's boot protocol 2.15 (Documentation/x86/boot.rst), entered in 32-bit mode at the first byte of `code`."""
    image = bytearray(2 * SECTOR)
    code += bytes(-len(code) % 4096)
    fields = {0x1f1: ("<B", 1), 0x1f4: ("<I", len(code) // 16), 0x1fa: ("<H", 0xffff), 0x1fe: ("<H", 0xaa55), 0x200: ("<H", 0x6aeb),
              0x202: ("4s", b"HdrS"), 0x206: ("<H", 0x20f), 0x211: ("<B", 1), 0x214: ("<I", 0x100000), 0x22c: ("<I", 0x7fffffff),
              0x230: ("<I", 0x200000), 0x234: ("<B", 1), 0x235: ("<B", 21), 0x236: ("<H", 0x7f), 0x238: ("<I", 2047),
              0x258: ("<Q", 0x1000000), 0x260: ("<I", 32 << 20)}
    for offset, (kind, value) in fields.items():
        struct.pack_into(kind, image, offset, value)
    return bytes(image) + code


def definition(root, name="guest", code=HALT, vcpus=2, policy="0x0005", extra=""):
    """Writes the kernel into `root` and returns the domain's XML."""
    kernel = os.path.join(root, name + ".kernel")
    with open(kernel, "wb") as file:
        file.write(bzimage(code))
    return f"""<domain type='kvm'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>{vcpus}</vcpu>
      <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel></os>
      <devices><serial type='pty'/><console type='pty'/></devices>{extra}
      <launchSecurity type='sev'><policy>{policy}</policy></launchSecurity></domain>"""
