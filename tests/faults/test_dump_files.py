#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that virtsevd writes for a user: a guest's memory is its owner's alone, has its name only when it is whole, and
nothing is left of what was cut off."""

import os
import signal
import struct
import subprocess

from fault import PATIENCE, FaultTest, main

MEMORY_MIB = 128  # A dump takes some seconds: time enough to be cut off


def halting_kernel():
    """A bzImage (Linux's boot protocol 2.12) whose code halts for ever: hlt; jmp to it."""
    code = b"\xf4\xeb\xfd".ljust(4096, b"\0")
    setup = bytearray(1024)  # The boot sector, and one sector of set-up code
    setup[0x1f1] = 1
    struct.pack_into("<I", setup, 0x1f4, len(code) // 16)
    struct.pack_into("<H", setup, 0x1fe, 0xaa55)
    setup[0x200:0x206] = b"\xeb\x66HdrS"
    struct.pack_into("<H", setup, 0x206, 0x20c)
    setup[0x211] = 1  # Loaded high
    struct.pack_into("<I", setup, 0x22c, 0x7fffffff)
    struct.pack_into("<IB", setup, 0x230, 0x200000, 1)
    struct.pack_into("<HI", setup, 0x236, 1, 2047)
    struct.pack_into("<QI", setup, 0x258, 0x1000000, 0x10000)
    return bytes(setup) + code


class DumpFiles(FaultTest):
    def setUp(self):
        super().setUp()
        kernel = os.path.join(self.root, "kernel")
        with open(kernel, "wb") as file:
            file.write(halting_kernel())
        self.daemon.define_text(f"""<domain type='kvm'><name>guest</name><memory unit='MiB'>{MEMORY_MIB}</memory><vcpu>1</vcpu>
            <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel></os>
            <launchSecurity type='sev'><policy>0x0000</policy></launchSecurity></domain>""")
        self.daemon.virsh("start", "guest")
        self.directory = os.path.join(self.root, "user")
        os.mkdir(self.directory)
        self.path = os.path.join(self.directory, "core")

    def state(self):
        return self.daemon.virsh("domstate", "guest", "--reason").strip()

    def begin_dump(self):
        """virsh, once the guest stands still for its dump."""
        dump = subprocess.Popen(["virsh", "-c", self.daemon.uri(), "dump", "guest", self.path, "--memory-only"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(dump.stderr.close)
        self.addCleanup(dump.stdout.close)
        while dump.poll() is None and self.state() != "paused (dumping)":
            pass
        self.assertIsNone(dump.poll(), "the dump is over before it could be cut off")
        return dump

    def cut_off(self, number):
        dump = self.begin_dump()
        self.restart(number)
        self.assertNotEqual(0, dump.wait(PATIENCE))
        return dump.stderr.read()

    def expect_running(self):
        """A later daemon lets it run again, if the one that was stopped has not."""
        while self.state().startswith("paused"):
            pass
        self.assertRegex(self.state(), "^running")

    def test_the_memory_is_its_owners_alone(self):
        with open(self.path, "w") as file:
            file.write("before")
        os.chmod(self.path, 0o666)
        os.chown(self.path, 12345, 12345)
        self.daemon.virsh("dump", "guest", self.path, "--memory-only")
        status = os.stat(self.path)
        self.assertEqual((0o600, os.geteuid()), (status.st_mode & 0o7777, status.st_uid))
        self.assertGreaterEqual(status.st_size, MEMORY_MIB << 20)
        self.assertEqual(["core"], os.listdir(self.directory))

    def test_nothing_is_left_of_a_dump_whose_daemon_is_killed(self):
        self.cut_off(signal.SIGKILL)
        self.assertEqual([], os.listdir(self.directory))
        self.expect_running()

    def test_stopping_the_daemon_ends_its_dumps(self):
        with open(self.path, "w") as file:
            file.write("before")
        said = self.cut_off(signal.SIGTERM)
        with open(self.path) as file:
            self.assertEqual("before", file.read(16))
        self.assertEqual(["core"], os.listdir(self.directory))
        self.assertIn("virtsevd is being stopped", said)
        self.assertRegex(self.state(), "^running", "the guest stood still until virtsevd was back")

    def test_domjobabort_ends_a_dump_and_leaves_nothing(self):
        dump = self.begin_dump()
        self.assertRegex(self.daemon.virsh("domjobinfo", "guest"), r"Operation: +Dump")
        self.daemon.virsh("domjobabort", "guest")
        self.assertNotEqual(0, dump.wait(PATIENCE))
        self.assertIn("was given up, as was asked for", dump.stderr.read())
        self.assertEqual([], os.listdir(self.directory))
        self.assertRegex(self.state(), "^running")
        self.assertRegex(self.daemon.virsh("domjobinfo", "guest"), r"Job type: +None")

    def test_what_is_no_file_is_named(self):
        os.symlink("/dev/null", os.path.join(self.directory, "link"))
        os.mkfifo(os.path.join(self.directory, "fifo"))
        os.mkdir(os.path.join(self.directory, "directory"))
        for name, kind in (("link", "a symbolic link"), ("fifo", "a FIFO"), ("/dev/null", "a device"), ("directory", "a directory")):
            with self.subTest(name):
                path = os.path.join(self.directory, name)
                self.assertIn(f"'{path}' is {kind}", self.daemon.virsh("dump", "guest", path, "--memory-only", fails=True))

    def test_a_full_disk_is_named_and_has_nothing_on_it(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.directory], check=True)
        try:
            said = self.daemon.virsh("dump", "guest", self.path, "--memory-only", fails=True)
            self.assertEqual([], os.listdir(self.directory))
        finally:
            subprocess.run(["umount", self.directory], check=True)
        self.assertIn(self.path, said)
        self.assertIn("No space left", said)
        self.assertRegex(self.state(), "^running")


if __name__ == "__main__":
    main()
