#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock gdb and virsh dump against guests that were launched and stand still; any /dev/kvm will do.

usage: test_debugging.py VIRTSEVD VIRTSEV_VMM VIRTSEV"""

import os
import shutil
import struct
import subprocess
import sys
import unittest

from daemon_process import PATIENCE
from daemon_test import DaemonTest, main

VIRTSEV = sys.argv[3]
COMMAND_LINE = 0x8000  # sevcore/machine/memory_layout.hpp
KERNEL_ENTRY = 0x1000000


class Debugging(DaemonTest):
    def gdb(self, *commands):
        """What gdb says to its commands, errors and all."""
        connect = f"target remote | {VIRTSEV} debug '{self.daemon.uri()}' guest"
        arguments = [word for command in (connect, *commands, "detach") for word in ("-ex", command)]
        done = subprocess.run(["gdb", "-nx", "-batch", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.stdout

    def start(self, policy):
        self.define(policy=policy)
        self.daemon.virsh("start", "guest", "--paused")

    def dump(self, *options, fails=False):
        path = os.path.join(self.root, "core")
        errors = self.daemon.virsh("dump", "guest", path, "--memory-only", *options, fails=fails)
        return errors if fails else path

    @staticmethod
    def segments(path):
        """An ELF core file's notes, and its memory by physical address."""
        with open(path, "rb") as file:
            content = file.read()
        headers, = struct.unpack_from("<Q", content, 32)
        size, count = struct.unpack_from("<HH", content, 54)
        notes, memory = b"", {}
        for number in range(count):
            kind, _, offset, _, physical, length = struct.unpack_from("<IIQQQQ", content, headers + number * size)
            if kind == 4:
                notes += content[offset:offset + length]
            else:
                memory[physical] = content[offset:offset + length]
        return notes, memory


@unittest.skipIf(shutil.which("gdb") is None, "gdb is not installed")
class Gdb(Debugging):
    def test_reads_and_writes_memory_and_registers_of_a_guest_whose_policy_allows_it(self):
        self.start("0x0000")
        said = self.gdb("info registers rip cr0 rsi", "info threads", f"x/s {COMMAND_LINE}",
                        f"set var *(char*){COMMAND_LINE + 3}='S'", f"x/s {COMMAND_LINE}", "set $rax=0x1234", "set $cs=1")
        self.assertRegex(said, rf"rip +{KERNEL_ENTRY:#x}")
        self.assertRegex(said, r"rsi +0x7000\b")
        self.assertRegex(said, r"Thread 1 \(vCPU 0\)[\s\S]*Thread 2 \(vCPU 1\)")
        self.assertRegex(said, r'"console=ttyS0"\n[\s\S]*"conSole=ttyS0"')
        self.assertIn('Could not write register "cs"', said)
        # Both stay after gdb has gone; and it left the guest as it found it.
        self.assertIn("0x1234", self.gdb("p/x $rax"))
        self.assertIn('"conSole=ttyS0"', self.gdb("monitor physical on", f"x/s {COMMAND_LINE}"))
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())

    def test_says_why_it_can_not(self):
        self.start("0x0000")
        said = self.gdb("x/s 0xfee00000", "monitor why", "stepi", "break *0x1000100", "continue")
        self.assertIn("no memory at 0xfee00000", said)
        self.assertIn("step by step", said)
        self.assertIn("Cannot insert breakpoint 1", said)
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())

    def test_sees_an_sev_es_guests_memory_and_none_of_its_registers(self):
        self.start("0x0004")
        said = self.gdb("info registers rax", f"x/s {COMMAND_LINE}", f"set var *(char*){COMMAND_LINE}='C'", f"x/s {COMMAND_LINE}",
                        "set $rax=1", "monitor why")
        self.assertRegex(said, r"rax +<unavailable>")
        self.assertRegex(said, r'"console=ttyS0"\n[\s\S]*"Console=ttyS0"')
        self.assertRegex(said, "registers are encrypted .SEV-ES.")

    def test_gets_no_channel_to_a_guest_whose_policy_forbids_it(self):
        self.start("0x0001")
        self.assertRegex(self.gdb(f"x/s {COMMAND_LINE}"), "policy 0x1 forbids debugging .NODBG, bit 0")

    def test_is_alone(self):
        self.start("0x0000")
        command = [VIRTSEV, "debug", self.daemon.uri(), "guest"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
            first.stdin.write(b"$?#3f")
            first.stdin.flush()
            self.assertEqual(b"+$T02thread:1;#d4", first.stdout.read(17))
            second = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(2, second.returncode)
            self.assertIn("a debugger is attached", second.stderr)
            first.stdin.close()
            self.assertEqual(0, first.wait(PATIENCE), first.stderr.read())

    def test_ends_with_its_guest(self):
        self.start("0x0000")
        with subprocess.Popen([VIRTSEV, "debug", self.daemon.uri(), "guest"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as debug:
            debug.stdin.write(b"$?#3f")
            debug.stdin.flush()
            debug.stdout.read(17)
            self.daemon.virsh("destroy", "guest")
            self.assertEqual(b"", debug.stdout.read())
            self.assertEqual(0, debug.wait(PATIENCE))


class Dump(Debugging):
    def test_holds_a_guests_memory_and_registers(self):
        self.start("0x0000")
        notes, memory = self.segments(self.dump())
        self.assertEqual(128 << 20, sum(len(piece) for piece in memory.values()))
        self.assertEqual(b"console=ttyS0\0", memory[0][COMMAND_LINE:COMMAND_LINE + 14])
        self.assertEqual(2, notes.count(b"CORE\0"))
        self.assertIn(struct.pack("<Q", KERNEL_ENTRY), notes)
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())

    def test_of_an_sev_es_guest_has_no_registers(self):
        self.start("0x0004")
        notes, memory = self.segments(self.dump())
        self.assertEqual(b"", notes)
        self.assertEqual(b"console=ttyS0\0", memory[0][COMMAND_LINE:COMMAND_LINE + 14])

    def test_of_a_guest_whose_policy_forbids_it_is_refused_and_leaves_no_file(self):
        self.start("0x0001")
        self.assertRegex(self.dump(fails=True), "policy 0x1 forbids debugging .NODBG, bit 0")
        self.assertFalse(os.path.exists(os.path.join(self.root, "core")))

    def test_without_memory_only_is_refused_with_the_way_out(self):
        self.start("0x0000")
        self.assertIn("--memory-only", self.daemon.virsh("dump", "guest", os.path.join(self.root, "core"), fails=True))


if __name__ == "__main__":
    main()
