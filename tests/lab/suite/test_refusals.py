# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can't be had is refused with the reason, and nothing is lost."""
import os
import subprocess
import unittest

from host import Host, run


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def assert_start_refused(self, domain, *reasons):
        result = domain.virsh("start")
        self.assertNotEqual(result.status, 0, result)
        for reason in reasons:
            self.assertIn(reason, result.errors)
        self.assertRegex(domain.state(), "^shut off")
        self.assertIsNone(self.host.vmm_of(domain.name))

    def test_files_that_are_missing_or_something_else(self):
        for name, content, reason in (("missing", None, "there is no such file"), ("text", b"no kernel at all\n" * 300, "kernel"),
                                      ("empty", b"", "empty"), ("cut", self.host.kernel.read_bytes()[:70000], "kernel")):
            with self.subTest(name):
                path = self.host.root / f"kernel-{name}"
                if content is not None:
                    path.write_bytes(content)
                domain = self.host.domain(name, vcpus=1)
                domain.xml.write_text(domain.xml.read_text().replace(str(self.host.kernel), str(path)))
                domain.define()
                self.assert_start_refused(domain, str(path), reason)
                domain.must("undefine")

    def test_a_fifo_in_the_place_of_a_kernel_stops_nobody(self):
        path = self.host.root / "fifo"
        os.mkfifo(path)
        domain = self.host.domain("fifo", vcpus=1)
        domain.xml.write_text(domain.xml.read_text().replace(str(self.host.kernel), str(path)))
        domain.define()
        self.assert_start_refused(domain, str(path))
        domain.must("undefine")

    def test_more_memory_than_there_is(self):
        domain = self.host.domain("huge", vcpus=1, memory=1 << 19).define()
        self.assert_start_refused(domain, "memory")
        domain.must("undefine")

    def test_a_full_disk_while_defining_loses_nothing(self):
        first = self.host.domain("first", vcpus=1).define()
        before = first.must("dumpxml", "--inactive")
        filler = self.host.root / "etc" / "filler"
        etc = self.host.root / "etc"
        copy = self.host.root / "etc-copy"
        self.host.kill(15)
        subprocess.run(["cp", "-a", etc, copy], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "tmpfs", etc], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", etc], check=False)
        subprocess.run(f"cp -a '{copy}'/. '{etc}'", shell=True, check=True)
        self.host.start()
        try:
            with open(filler, "wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
        except OSError:
            pass
        second = self.host.domain("second", vcpus=1)
        result = self.host.virsh("define", second.xml)
        self.assertNotEqual(result.status, 0, result)
        self.assertRegex(result.errors, "(?i)space")
        changed = self.host.domain("first", vcpus=2)
        changed.xml.write_text(changed.xml.read_text().replace("<name>", f"<uuid>{first.must('domuuid').strip()}</uuid><name>"))
        self.assertNotEqual(self.host.virsh("define", changed.xml).status, 0)
        self.assertEqual(first.must("dumpxml", "--inactive"), before)
        self.assertEqual(self.host.virsh("list", "--all", "--name").output.split(), ["first"])
        filler.unlink()
        self.host.kill(9)
        self.host.start()
        self.assertEqual(first.must("dumpxml", "--inactive"), before)
        self.assertEqual(self.host.virsh("define", second.xml).status, 0)
        for domain in (first, second):
            domain.must("undefine")

    def test_hardware_that_is_not_there_is_named(self):
        if os.path.exists("/dev/sev"):
            self.skipTest("this machine has /dev/sev")
        other = Host()
        self.addCleanup(other.close)
        other.start("hardware")
        information = other.virsh("nodesevinfo")
        self.assertNotEqual(information.status, 0, information)
        self.assertIn("SEV", information.errors)
        self.assertIn("EPYC", information.errors)
        domain = other.domain("hardware", vcpus=1).define()
        refused = domain.virsh("start")
        self.assertNotEqual(refused.status, 0, refused)
        self.assertIn("SEV", refused.errors)
        domain.must("undefine")


class Commands(unittest.TestCase):
    def test_virtsev_host_says_what_is_missing(self):
        if os.path.exists("/dev/sev"):
            self.skipTest("this machine has /dev/sev")
        result = run("virtsev", "host")
        self.assertEqual(result.status, 1, result)
        self.assertIn("can't be used", result.output)


if __name__ == "__main__":
    unittest.main()
