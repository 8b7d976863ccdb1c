# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a seccomp filter lets through, found by walking its program (linux/bpf_common.h, linux/seccomp.h)."""

import struct

ALLOW, ERRNO = 0x7fff0000, 0x00050000
ARCH_X86_64 = 0xc000003e
NR, ARCH, ARGS = 0, 4, 16  # Offsets in struct seccomp_data
IOCTL = 16


def instructions(program):
    return [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]


def answers(filter_, nr, known=None):
    """The actions that the filter can come to for this call. `known`: offsets in seccomp_data and their values; any other
    argument may be anything."""
    data = {NR: nr, ARCH: ARCH_X86_64, **(known or {})}
    found, seen, waiting = set(), set(), [(0, None)]
    while waiting:
        at, value = waiting.pop()
        if (at, value) in seen:
            continue
        seen.add((at, value))
        code, true, false, k = filter_[at]
        if code == 0x20:  # A = data[k]
            waiting.append((at + 1, data.get(k)))
        elif code == 0x54:  # A &= k
            waiting.append((at + 1, None if value is None else value & k))
        elif code == 0x06:  # return k
            found.add(k)
        elif code == 0x05:  # jump
            waiting.append((at + 1 + k, value))
        elif code in (0x15, 0x25, 0x35, 0x45):  # jump if A ==, >, >=, & k
            holds = None if value is None else {0x15: value == k, 0x25: value > k, 0x35: value >= k, 0x45: bool(value & k)}[code]
            waiting += [(at + 1 + (true if way else false), value) for way in (True, False) if holds in (None, way)]
        else:
            raise ValueError(f"instruction {code:#x} is not known here")
    return found


def allowed_calls(filters):
    """Numbers of the calls that may pass all of a thread's filters."""
    return [nr for nr in range(512) if all(ALLOW in answers(one, nr) for one in filters)]


def allowed_requests(filters, also=()):
    """Requests of ioctl(2) that pass: all numbers that stand in the filters are tried, and those in `also`."""
    numbers = {*also} | {k for one in filters for code, _, _, k in one if code == 0x15}
    known = lambda number: {ARGS + 8: number, ARGS + 12: 0}
    return sorted(number for number in numbers if all(ALLOW in answers(one, IOCTL, known(number)) for one in filters))
