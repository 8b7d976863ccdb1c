# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running Linux guest whose policy allows it, under stock gdb and virsh dump: its memory is decrypted and encrypted, its registers seen."""
import shutil
import struct
import subprocess
import unittest

from host import Host

SECRET = 0x100010  # sevcore/machine/memory_layout.hpp: a guest reads it at /sys/kernel/boot_params/setup_data/N/data


@unittest.skipIf(shutil.which("gdb") is None, "gdb is not installed")
class Debugging(unittest.TestCase):
    def gdb(self, domain, *commands):
        connect = f"target remote | virtsev debug '{self.host.uri}' {domain.name}"
        arguments = [word for command in (connect, *commands, "detach") for word in ("-ex", command)]
        done = subprocess.run(["gdb", "-nx", "-batch", *arguments], env=self.host.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
        return done.stdout

    def test_a_linux_guest_under_sev(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.host.start()
        domain = self.host.domain("debugged", policy="0x0", vcpus=1, command_line="console=ttyS0 quiet virtsev.shell").define()
        domain.must("start", "--paused")
        with domain.console() as console:
            domain.must("resume")
            console.await_text("a shell, as virtsev.shell")

            # gdb takes some seconds to start here: it is asked for everything at once.
            said = self.gdb(domain, "p/x $cr0 >> 31", "p/x $efer & 0x400", "p $rip != 0", "x/1xb $rip", "x/1xg $rsp",
                            "monitor physical on", f"set {{char[8]}}{SECRET:#x} = \"SEE-ME!\"", f"x/s {SECRET:#x}")
            with self.subTest("its registers are those of Linux, and its page tables lead to code"):
                for value in (r"\$1 = 0x1\b", r"\$2 = 0x400\b", r"\$3 = 1\b"):
                    self.assertRegex(said, value)
                self.assertNotIn("Cannot access memory", said)
            with self.subTest("gdb let it go on, and what gdb wrote is what it reads"):
                self.assertIn('"SEE-ME!"', said)
                self.assertRegex(domain.state(), "^running")
                console.type("head -c 7 /sys/kernel/boot_params/setup_data/*/data; echo :read\n")
                console.await_text("SEE-ME!:read")

            with self.subTest("virsh dump has the same, and the registers"):
                core = self.host.root / "core"
                domain.must("dump", core, "--memory-only")
                self.assertRegex(domain.state(), "^running")
                headers = subprocess.run(["readelf", "-lnW", core], capture_output=True, text=True, check=True).stdout
                self.assertIn("NT_PRSTATUS", headers)
                with open(core, "rb") as file:
                    table, = struct.unpack_from("<Q", file.read(64), 32)
                    file.seek(table + 56)
                    _, _, offset, _, physical, size = struct.unpack_from("<IIQQQQ", file.read(56))
                    self.assertLessEqual(physical, SECRET)
                    self.assertLess(SECRET, physical + size)
                    file.seek(offset + SECRET - physical)
                    self.assertEqual(file.read(7), b"SEE-ME!")

            domain.must("shutdown")
            console.await_end()
        self.assertEqual(domain.state(), "shut off (shutdown)")


if __name__ == "__main__":
    unittest.main()
