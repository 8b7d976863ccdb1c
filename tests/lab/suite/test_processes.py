# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a running monitor is to the rest of the host, and a machine of more memory and vCPUs than one needs."""
import os
import pathlib
import re
import resource
import unittest

from host import Host

# What virtsevd passes, and what the monitor makes of itself (driver/daemon/monitor/launch_files.cpp, driver/vmm).
EXPECTED_DESCRIPTORS = [
    r"/dev/null",
    r".*/log/[\w/.-]*\.log(\.\d)?",
    r".*/[0-9a-f-]{36}\.end",
    r".*/platform/asids/\d+", r"/run/virtsev/uids/\d+",
    r"/dev/ptmx", r"/dev/pts/ptmx", r"/dev/pts/\d+",
    r"socket:\[\d+\]",
    r"anon_inode:\[?(eventpoll|eventfd|timerfd|signalfd|kvm-vm|kvm-vcpu:\d+)\]?",
    r"/memfd:[\w-]+ \(deleted\)",
    r"/proc/\d+/(statm|status|smaps_rollup|task/\d+/\w+)",
]


class Processes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def status_of(self, process):
        return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
                    if ":\t" in line)

    def most_locked_memory(self):
        """As /proc/PID/limits writes it: without CAP_SYS_RESOURCE nobody can lift his hard limit."""
        cap_sys_resource = 1 << 24
        if int(self.status_of("self")["CapEff"], 16) & cap_sys_resource:
            return "unlimited"
        hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        return "unlimited" if hard == resource.RLIM_INFINITY else str(hard)

    @unittest.skipUnless(os.geteuid() == 0, "not root: monitors have this user's id")
    def test_monitors_are_users_of_their_own_and_nobody_can_look_into_them(self):
        range_line = re.search(r"^#? *vmm_uid_range *= *\[? *\"?(\d+)[^\d]+(\d+)",
                               (pathlib.Path(__file__).resolve().parents[3] / "driver/daemon/virtsevd.conf").read_text(), re.M)
        first, last = int(range_line.group(1)), int(range_line.group(2))
        uids = set()
        for name in ("one", "two"):
            domain = self.host.domain(name, vcpus=2).define()
            domain.must("start", "--paused")
            monitor = self.host.vmm_of(name)
            # Only the sandbox is left to come: it comes with the first launch, and this one is launched.
            status = self.status_of(monitor)
            with self.subTest("a uid of its own, from the range", monitor=name):
                self.assertEqual(len(set(status["Uid"].split())), 1, status["Uid"])
                uid = int(status["Uid"].split()[0])
                self.assertTrue(first <= uid <= last, f"{uid} is not in {first} to {last}")
                uids.add(uid)
            with self.subTest("not dumpable", monitor=name):
                # The kernel gives such a process's files to root (proc(5), /proc/PID).
                self.assertEqual(os.stat(f"/proc/{monitor}/environ").st_uid, 0)
            with self.subTest("no privileges, and a filter of system calls", monitor=name):
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(status["Seccomp"], "2")
                self.assertEqual(int(status["CapPrm"], 16) | int(status["CapEff"], 16) | int(status["CapInh"], 16), 0)
            with self.subTest("may lock all memory that virtsevd can let it lock", monitor=name):
                limits = pathlib.Path(f"/proc/{monitor}/limits").read_text()
                soft, hard = re.search(r"Max locked memory +(\S+) +(\S+)", limits).groups()
                self.assertEqual((soft, hard), (self.most_locked_memory(),) * 2)
            with self.subTest("holds what it was given, and nothing else", monitor=name):
                for descriptor in pathlib.Path(f"/proc/{monitor}/fd").iterdir():
                    target = os.readlink(descriptor)
                    self.assertTrue(any(re.fullmatch(pattern, target) for pattern in EXPECTED_DESCRIPTORS),
                                    f"descriptor {descriptor.name} is {target}")
        self.assertEqual(len(uids), 2, "one hostile monitor must not reach another")
        for name in ("one", "two"):
            self.host.domain(name, vcpus=2).must("destroy")

    def test_sev_es_guest_of_4_vcpus_and_5_gib_switches_a_vcpu_off_and_on(self):
        domain = self.host.domain("wide", policy="0x5", vcpus=4, memory=5120,
                                  command_line="console=ttyS0 quiet virtsev.shell").define()
        domain.must("start", "--paused")
        with domain.console() as console:
            domain.must("resume")
            console.await_text("a shell, as virtsev.shell", seconds=240)
            console.type("grep -c ^processor /proc/cpuinfo; grep MemTotal /proc/meminfo\n")
            console.await_text("\n4\n")
            total = re.search(r"MemTotal: +(\d+) kB", console.await_text(" kB\n")).group(1)
            self.assertGreater(int(total), 4 << 20, "the RAM above 4 GiB is there")
            console.type("cd /sys/devices/system/cpu; echo 0 >cpu1/online; echo off: $(cat online)\n")
            console.await_text("off: 0,2-3")
            console.type("echo 1 >cpu1/online; echo on: $(cat online)\n")
            console.await_text("on: 0-3")
        domain.must("destroy")


if __name__ == "__main__":
    unittest.main()
