#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsevd is killed before each step of a guest's life is saved (driver/daemon/run/run_state.hpp): the next one finds nothing lost, torn
or left over. Called with the programs' paths, as root: the steps are met by their system calls on the status file, with strace.

tests/driver/daemon/run/test_killed.cpp does the same at more moments, without guests."""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from daemon_process import PATIENCE, SKIPPED
from daemon_test import DaemonTest, main

# Each step by its name, and the system call that saves it. A dump is noted in the file before its guest is paused.
START = [("Spawn", "rename"), ("Launched", "rename")]
RELAUNCH = [("End", "rename"), ("Relaunch", "rename"), ("Spawn", "rename"), ("Launched", "rename")]
DESTROY = [("End", "rename"), ("Stop", "unlink")]
DUMP = [("noted", "rename"), ("Pause", "rename"), ("Resume", "rename")]


class KilledSteps(DaemonTest):
    def setUp(self):
        super().setUp()
        self.name = f"killed-{os.getpid()}"
        self.define(self.name, policy="0x0000")
        self.user = os.path.join(self.root, "user")
        os.mkdir(self.user)
        self.core = os.path.join(self.user, "core")

    def wait_for(self, what, holds):
        end = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), end, f"{what}\n{self.daemon.read_log()}")
            time.sleep(0.05)

    def state(self):
        return self.daemon.virsh("domstate", self.name, "--reason").strip()

    def settled(self):
        return self.state() not in ("paused (starting up)", "paused (dumping)")

    def monitors(self):
        """Processes that bear the domain's name."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as line:
                    words = line.read().split(b"\0")
            except OSError:
                continue
            if b"--control-fd" in words and self.name.encode() in words:
                found.append(int(path.split("/")[2]))
        return found

    def traced(self, *expressions):
        """strace, which sees the thread that writes status files."""
        pid = self.daemon.process.pid
        output = os.path.join(self.root, "strace")
        tracer = subprocess.Popen(["strace", "-qq", "-o", output, *(word for e in expressions for word in ("-e", e)), "-p", str(pid)])
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.terminate)

        def attached():
            with open(f"/proc/{pid}/status") as status:
                return not re.search(r"^TracerPid:\t0$", status.read(), re.M)
        self.wait_for("strace does not attach", attached)
        return tracer, output

    def act(self, command):
        self.addCleanup((call := subprocess.Popen(["virsh", "-c", self.daemon.uri(), *command], stdout=subprocess.DEVNULL,
                                                  stderr=subprocess.DEVNULL)).wait)
        return call

    def check_each(self, prepare, command, steps, expect):
        self.check_list(prepare, command, steps)
        for number, (step, system_call) in enumerate(steps):
            with self.subTest(killed_before=step):
                prepare()
                before = self.monitors()
                nth = 1 + sum(1 for _, earlier in steps[:number] if earlier == system_call)
                tracer, _ = self.traced(f"trace={system_call}", f"inject={system_call}:signal=SIGKILL:when={nth}")
                call = self.act(command)
                self.assertEqual(-signal.SIGKILL, self.daemon.process.wait(PATIENCE), self.daemon.read_log())
                call.wait(PATIENCE)
                tracer.wait(PATIENCE)
                self.restart(signal.SIGKILL)
                self.wait_for("it never settles", self.settled)
                expect(step, before)
                self.check_nothing_left()
                self.end()

    def check_list(self, prepare, command, steps):
        """The list of steps is whole."""
        prepare()
        tracer, output = self.traced("trace=rename,unlink")
        self.act(command).wait(PATIENCE)
        self.wait_for("it never settles", self.settled)
        tracer.terminate()
        tracer.wait(PATIENCE)
        with open(output) as lines:
            calls = re.findall(r'^(rename|unlink)\(.*\.status"\)', lines.read(), re.M)
        self.assertEqual([call for _, call in steps], calls)
        self.end()

    def check_nothing_left(self):
        active = not self.state().startswith("shut off")
        self.wait_for("a monitor is left over, or lost", lambda: len(self.monitors()) == (1 if active else 0))
        self.restart(signal.SIGTERM)  # What lay about is swept by then
        self.wait_for("it never settles", self.settled)
        uuid = self.daemon.virsh("domuuid", self.name).strip()
        suffixes = sorted(name.replace(uuid, "") for name in os.listdir(os.path.join(self.root, "run/sev")) if uuid in name)
        self.assertEqual([".end", ".sock", ".status"] if active else [], suffixes)

    def end(self):
        if not self.state().startswith("shut off"):
            self.daemon.virsh("destroy", self.name)
        for path in glob.glob(os.path.join(self.user, "*")):
            os.unlink(path)

    def start(self):
        self.daemon.virsh("start", self.name)

    def test_start(self):
        def expect(_, __):
            self.assertRegex(self.state(), "^shut off", "its client was not told that it runs")
        self.check_each(lambda: None, ("start", self.name), START, expect)

    def test_relaunch(self):
        def expect(step, before):
            self.wait_for("the guest is lost", lambda: self.state().startswith("running"))
            self.assertEqual(step == "End", self.monitors() == before, "asked for and not done, or done and not asked for")
        self.check_each(self.start, ("reset", self.name), RELAUNCH, expect)

    def test_destroy(self):
        def expect(step, before):
            if step == "End":
                self.assertRegex(self.state(), "^running", "its monitor was not told")
                self.assertEqual(before, self.monitors())
            else:
                self.assertRegex(self.state(), "^shut off")
        self.check_each(self.start, ("destroy", self.name), DESTROY, expect)

    def test_dump(self):
        def expect(step, before):
            self.wait_for("the guest stands still for ever", lambda: self.state().startswith("running"))
            self.assertEqual(before, self.monitors())
            self.wait_for("the dump is lost, or half of it is left", lambda: os.listdir(self.user) == (["core"] if step == "Resume" else []))
            if step == "Resume":
                self.assertGreaterEqual(os.path.getsize(self.core), 128 << 20)
        self.check_each(self.start, ("dump", self.name, self.core, "--memory-only"), DUMP, expect)


if __name__ == "__main__":
    if os.geteuid() != 0 or shutil.which("strace") is None:
        print("skipped: it needs root, and strace")
        sys.exit(SKIPPED)
    main()
