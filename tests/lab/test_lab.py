#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The lab itself: output, exit status, isolation, its end. Each test boots it once.
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

RUN = str(pathlib.Path(__file__).resolve().parent / "run")


def lab(script, **environment):
    return subprocess.run([RUN, "bash", "-c", script], capture_output=True, text=True, check=False,
                          env={**os.environ, "VIRTSEV_LAB": "qemu", **environment})


class Lab(unittest.TestCase):
    def test_passes_output_and_status_on_and_keeps_the_machine_unchanged(self):
        with tempfile.TemporaryDirectory() as directory:
            script = f"""
                echo to stdout; echo to stderr >&2; echo again >/dev/stdout
                head -c 3000000 /dev/zero | tr '\\0' x; echo
                echo '{directory}' is $(ls -d '{directory}'); pwd
                touch '{directory}/must-not-stay' && echo written
                echo stays >"$VIRTSEV_LAB_OUT/file"
                test -c /dev/kvm && ls -d /sys/module/kvm_amd
                printf '%s|' "$LC_ALL" "$VIRTSEV_WITH_A_LINE_END"; echo
                command -v virtsevd >/dev/null || echo "$PATH"
                sleep 1000 & setsid sleep 1000 &
                exit 207
            """
            with tempfile.TemporaryDirectory() as out:
                result = lab(script, VIRTSEV_LAB_OUT=out, LC_ALL="C.UTF-8", VIRTSEV_WITH_A_LINE_END="a 'b'\n$c",
                             VIRTSEV_BUILD="/nowhere/build")
                self.assertEqual((pathlib.Path(out) / "file").read_text(), "stays\n")
            self.assertEqual(os.listdir(directory), [])
        self.assertEqual(result.returncode, 207, result.stderr)
        self.assertEqual(result.stderr, "to stderr\n")
        lines = result.stdout.splitlines()
        self.assertEqual(lines[:2], ["to stdout", "again"])
        self.assertEqual(lines[2], "x" * 3000000)
        self.assertEqual(lines[3:7], [f"{directory} is {directory}", os.getcwd(), "written", "/sys/module/kvm_amd"])
        self.assertEqual("\n".join(lines[7:9]), "C.UTF-8|a 'b'\n$c|")
        if len(lines) > 9:
            self.assertTrue(lines[9].startswith("/nowhere/build/driver/daemon:"), lines[9])

    def test_ends_a_command_that_does_not_end(self):
        # The time counts from the start of the lab. A machine under load may take all of it until the command begins.
        for seconds in ("15", "60", "240"):
            result = lab("echo started; sleep 1000", VIRTSEV_LAB_TIMEOUT=seconds)
            self.assertEqual(result.returncode, 124)
            self.assertIn(f"ended after {seconds} s", result.stderr)
            if result.stdout:
                break
        self.assertEqual(result.stdout, "started\n")

    def test_says_so_when_the_command_ends_the_lab_itself(self):
        result = lab("echo b >/proc/sysrq-trigger; sleep 1000", VIRTSEV_LAB_TIMEOUT="60")
        self.assertEqual(result.returncode, 125)
        self.assertIn("without an exit status", result.stderr)

    def test_runs_the_command_once_more_when_the_machine_stands_still(self):
        script = 'test -z "$VIRTSEV_LAB_AGAIN" || exit 7; echo >$VIRTSEV_LAB_OUT/begun; sleep 1000'
        with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as directory:
            environment = {**os.environ, "VIRTSEV_LAB": "qemu", "VIRTSEV_LAB_OUT": out, "VIRTSEV_LAB_WATCH": "20", "TMPDIR": directory}
            with subprocess.Popen([RUN, "bash", "-c", script], env=environment, stderr=subprocess.PIPE, text=True) as process:
                while not (pathlib.Path(out) / "begun").exists() and process.poll() is None:
                    time.sleep(0.2)
                (pid,) = pathlib.Path(directory).glob("virtsev-lab.*/pid")
                os.kill(int(pid.read_text()), signal.SIGSTOP)
                _, said = process.communicate()
        self.assertEqual(process.returncode, 7, said)
        self.assertIn("its machine stood still", said)

    def test_refuses_an_unknown_kind(self):
        result = lab("true", VIRTSEV_LAB="cloud")
        self.assertEqual(result.returncode, 125)
        self.assertIn("VIRTSEV_LAB is 'cloud'", result.stderr)


if __name__ == "__main__":
    unittest.main()
