# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel that is launched and measured in no time, and sleeps for ever when it runs: for tests that need a guest, and no Linux.
Linux's boot protocol (Documentation/arch/x86/boot.rst), version 2.15; virtsev enters it at its first byte, in 32-bit mode."""

import struct

SECTOR = 512
SETUP_SECTORS = 1
LOAD_ADDRESS = 0x1000000
INSTRUCTIONS = b"\xf4\xeb\xfd"  # 1: hlt; jmp 1b


def image(size=4096):
    """`size`: bytes of it that are measured."""
    head = bytearray((1 + SETUP_SECTORS) * SECTOR)
    for offset, layout, value in (
        (0x1F1, "<B", SETUP_SECTORS),
        (0x1F4, "<I", (size + 15) // 16),  # syssize
        (0x1FA, "<H", 0xFFFF),  # vid_mode
        (0x1FE, "<H", 0xAA55),  # boot_flag
        (0x200, "<H", 0x6AEB),  # jump: the header ends at 0x26c
        (0x206, "<H", 0x020F),  # version
        (0x211, "<B", 1),  # loadflags: LOADED_HIGH
        (0x214, "<I", 0x100000),  # code32_start
        (0x22C, "<I", 0x7FFFFFFF),  # initrd_addr_max
        (0x230, "<I", 0x200000),  # kernel_alignment
        (0x234, "<B", 1),  # relocatable_kernel
        (0x235, "<B", 21),  # min_alignment
        (0x236, "<H", 0x7F),  # xloadflags
        (0x238, "<I", 2047),  # cmdline_size
        (0x258, "<Q", LOAD_ADDRESS),  # pref_address
        (0x260, "<I", 4 << 20),  # init_size
    ):
        struct.pack_into(layout, head, offset, value)
    head[0x202:0x206] = b"HdrS"
    return bytes(head) + INSTRUCTIONS + bytes(size - len(INSTRUCTIONS))


def write(path, size=4096):
    with open(path, "wb") as file:
        file.write(image(size))
    return path
