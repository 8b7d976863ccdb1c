# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firmware images for tests: nothing that could run, with OVMF's table at the end (where vCPUs begin, where secret and kernel hashes go),
and, where asked for, a packed volume with code that looks for the hashes."""

import lzma
import struct
import uuid

HASHES = ("97d02dd8-bd20-4c94-aa78-e7714d36ab2a", "44baf731-3a2f-4bd7-9af1-41e29169781d", "4de79437-abd2-427f-b835-d5b172d2045b")
LZMA = "ee4e5898-3914-4259-9d6e-dc7bd79403cf"
FILE_SYSTEM = "8c8ce578-8a3d-4f1c-9935-896185c32dd3"
DRIVER, VOLUME_FILE, PE32, GUIDED, VOLUME_SECTION = 0x07, 0x0b, 0x10, 0x02, 0x17


def guid(text):
    return uuid.UUID(text).bytes_le


def section(kind, content):
    return (len(content) + 4).to_bytes(3, "little") + bytes([kind]) + content


def packed(content):
    stream = bytearray(lzma.compress(content, lzma.FORMAT_ALONE))
    stream[5:13] = struct.pack("<Q", len(content))
    return section(GUIDED, guid(LZMA) + struct.pack("<HH", 24, 1) + bytes(stream))


def file(kind, content):
    return b"\x77" * 16 + b"\x55\xaa" + bytes([kind, 0]) + (len(content) + 24).to_bytes(3, "little") + b"\xf8" + content


def volume(files, size=0):
    body = b""
    for one in files:
        body += b"\xff" * (-len(body) % 8) + one
    size = size or 72 + len(body)

    def header(checksum):
        return (bytes(16) + guid(FILE_SYSTEM) + struct.pack("<Q", size) + b"_FVH" +
                struct.pack("<IHHHBBIIQ", 0x800, 72, checksum, 0, 0, 2, 1, size, 0))

    checksum = -sum(struct.unpack("<36H", header(0))) & 0xffff
    return header(checksum) + body + b"\xff" * (size - 72 - len(body))


def firmware(checks_hashes=True, secret_room=0xc00):
    code = b"\xc3" * 60 + (b"".join(map(guid, HASHES)) if checks_hashes else b"") + b"\xcc" * 20
    inner = volume([file(DRIVER, section(PE32, code))])
    start = volume([file(VOLUME_FILE, packed(section(VOLUME_SECTION, inner)))], 4096)

    def entry(name, data):
        return data + struct.pack("<H", len(data) + 18) + guid(name)

    table = (entry("00f771de-1a7e-4fcb-890e-68c77e2fb44e", struct.pack("<I", 0x80b004)) +
             entry("4c2eb361-7d9b-4cc3-8081-127c90d3d294", struct.pack("<II", 0x80c000, secret_room)) +
             entry("7255371f-3a3b-4b04-927b-1da6efa8d454", struct.pack("<II", 0x80cc00, 0x400)))
    table += struct.pack("<H", len(table) + 18) + guid("96b582de-1fb2-45f7-baea-a366c55a082d")
    return start + bytes(4096 - 32 - len(table)) + table + bytes(32)
