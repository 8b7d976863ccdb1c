#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a monitor that was taken over by its guest can still do to the host: system calls are made in the name of each thread of a
running virtsev-vmm, its filters are read back, and its descriptors and limits looked at."""

import errno
import os
import re
import signal
import subprocess
import unittest

import bpf
import fault
import tiny_guest
from traced import Died, Traced, reap, threads

IOCTL, FCNTL, SOCKET, EXECVE, TGKILL, OPENAT = 16, 72, 41, 59, 234, 257
KVM_CREATE_VM, KVM_RUN = 0xae01, 0xae80
AT_FDCWD = -100
F_SETOWN = 8
MOST_CALLS, MOST_REQUESTS = 21, 24  # Firecracker's, for the thread of a vCPU


def names_of_calls():
    names = {}
    try:
        with open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h") as header:
            for name, number in re.findall(r"#define __NR_(\w+) (\d+)", header.read()):
                names[int(number)] = name
    except FileNotFoundError:
        pass
    return names


@unittest.skipIf(os.geteuid() != 0, "tracing a process that is not dumpable takes root")
class Sandbox(fault.FaultTest):
    def setUp(self):
        super().setUp()
        self.daemon.define_text(tiny_guest.definition(self.root))
        self.daemon.virsh("start", "guest")
        self.pid = self.daemon.monitor("guest")

    def descriptors(self):
        links = {}
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            links[int(number)] = os.readlink(f"/proc/{self.pid}/fd/{number}")
        return links

    def traced(self):
        return {name: Traced(self.pid, tid) for tid, name in threads(self.pid).items()}

    def test_what_a_launch_needs_is_closed(self):
        paths = self.descriptors().values()
        self.assertNotIn("/dev/kvm", paths)
        self.assertFalse([path for path in paths if path.endswith("/identity")], "the platform's private keys are open")

    def test_limits(self):
        with open(f"/proc/{self.pid}/limits") as limits:
            hard = {line[:26].strip(): line[26:].split()[1] for line in limits}
        self.assertEqual(hard["Max core file size"], "0")
        self.assertLessEqual(int(hard["Max file size"].replace("unlimited", "9" * 18)), 4 << 20)
        self.assertLessEqual(int(hard["Max open files"]), 128)

    def test_calls_of_each_thread(self):
        bystander = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        kvm = next((number for number, path in self.descriptors().items() if path == "/dev/kvm"), 3)
        calls = {"KVM_CREATE_VM": (IOCTL, kvm, KVM_CREATE_VM, 0), "tgkill": (TGKILL, bystander.pid, bystander.pid, signal.SIGTERM),
                 "fcntl(F_SETOWN)": (FCNTL, 1, F_SETOWN, bystander.pid), "openat": (OPENAT, AT_FDCWD, "/etc/passwd", 0, 0),
                 "socket": (SOCKET, 2, 1, 0), "execve": (EXECVE, "/bin/true", 0, 0)}
        done = []
        traced = self.traced()
        self.assertEqual(len(traced), 3, traced)
        try:
            for call, (number, *arguments) in calls.items():
                for name, thread in traced.items():
                    result = thread.call(number, *arguments)
                    print(f"{name}: {call}: {result}")
                    if result not in ("refused", -errno.EACCES):
                        done.append(f"{name}: {call} gave {result}")
            for thread in traced.values():
                thread.detach()
        except Died as died:
            print(f"the monitor was killed: {died}")
            reap(traced.values())
        self.assertEqual(done, [])
        self.assertIsNone(bystander.poll())
        self.assertEqual(self.daemon.virsh("domstate", "guest").strip(), "running")

    def test_the_filters_of_a_vcpus_thread(self):
        names = names_of_calls()
        traced = self.traced()
        read = {name: [bpf.instructions(program) for program in thread.filters()] for name, thread in traced.items()}
        for thread in traced.values():
            thread.detach()
        for name, filters in read.items():
            calls, requests = bpf.allowed_calls(filters), bpf.allowed_requests(filters, (KVM_CREATE_VM, KVM_RUN))
            print(f"{name}: {len(filters)} filters of {[len(one) for one in filters]} instructions let {len(calls)} calls through:",
                  *(names.get(call, call) for call in calls), f"and {len(requests)} requests:", *(f"{one:#x}" for one in requests))
            self.assertIn(bpf.IOCTL, calls, name)
            self.assertNotIn(KVM_CREATE_VM, requests, name)
            self.assertLessEqual(len(requests), MOST_REQUESTS, name)
            if name.startswith("vcpu"):
                self.assertIn(KVM_RUN, requests, name)
                self.assertLessEqual(len(calls), MOST_CALLS, name)
            else:
                self.assertNotIn(KVM_RUN, requests, name)

    def test_the_log_names_the_call_that_ended_a_monitor(self):
        tid = next(tid for tid, name in threads(self.pid).items() if name == "vcpu0")
        with self.assertRaises(Died):
            Traced(self.pid, tid).call(EXECVE, "/bin/true", 0, 0, deliver=True)
        self.daemon.destroy_guests()  # Whether virtsevd has seen the end before or not: it has then
        self.assertRegex(self.daemon.read_log(), r"domain 'guest': its monitor ended: .*execve \(59\)")


if __name__ == "__main__":
    fault.main()
