# SPDX-License-Identifier: LGPL-2.1-or-later
"""README's "A first domain by hand": its commands as they stand there, typed into a shell one after another."""
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from host import SOURCE, end_process

BUILD = pathlib.Path(os.environ["VIRTSEV_BUILD"])
# Of a command that says no; the README tells it.
STATUS = re.compile(r"# exit status (\d+)")
PATIENCE = 300


def commands():
    """The indented lines up to the first paragraph after the guest's console."""
    section = (SOURCE / "README.md").read_text().split("## A first domain by hand", 1)[1].split("\n`examples/quickstart`", 1)[0]
    return re.findall(r"^    (\S.*)$", section, re.M)


class Shell:
    """bash on a terminal, which tells the status of each line."""

    def __init__(self, directory, environment):
        self.master, terminal = os.openpty()
        self.process = subprocess.Popen(["bash", "--norc", "--noediting", "-i"], stdin=terminal, stdout=terminal, stderr=terminal, cwd=directory,
                                        env={**environment, "PS1": "<$?>", "TERM": "dumb"}, start_new_session=True)
        os.close(terminal)
        self.shown = ""
        self.until(r"<0>$")

    def until(self, pattern):
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.shown)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"'{pattern}' does not come:\n{self.shown}")
            self.shown += os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
        return found

    def enter(self, line):
        self.shown = ""
        os.write(self.master, (line + "\n").encode())

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class Readme(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-readme."))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        # A checkout with what was just built; what the commands write is theirs.
        for name, target in {"examples": SOURCE / "examples", "build": BUILD}.items():
            os.symlink(target, self.directory / name)
        home = self.directory / "home"
        home.mkdir()
        self.pid_file = home / "sev/run/virtsevd.pid"
        path = ":".join(word for word in os.environ["PATH"].split(":") if not word.startswith(str(BUILD)))
        self.shell = Shell(self.directory, {**os.environ, "HOME": str(home), "PATH": path, "LC_ALL": "C"})
        self.addCleanup(self.shell.close)
        self.addCleanup(self.end_daemon)

    def end_daemon(self):
        if self.pid_file.exists():
            end_process(int(self.pid_file.read_text()), signal.SIGTERM)

    def run_line(self, line):
        expected = int(told[1]) if (told := STATUS.search(line)) else 0
        self.shell.enter(line)
        status = self.shell.until(r"<(\d+)>$")[1]
        self.assertEqual(expected, int(status), f"{line}\n{self.shell.shown}")

    def test_a_first_domain_by_hand(self):
        lines = commands()
        self.assertRegex(lines[0], "^meson setup build && meson compile -C build$")  # Which made what is tested
        self.assertRegex(lines[-1], "^virsh console sev-es-example")
        self.assertTrue(any(line.startswith("virtsev verify") for line in lines))
        for line in lines[1:-1]:
            self.run_line(line)
        self.shell.enter(lines[-1])
        self.shell.until("example guest: ready")
        digest = subprocess.run(["sha256sum", self.directory / "disk.key"], capture_output=True, text=True, check=True).stdout.split()[0]
        self.shell.until(digest)
        os.write(self.shell.master, b"\x1d")
        self.shell.until(r"<0>$")
        self.run_line("virsh destroy sev-es-example")


if __name__ == "__main__":
    unittest.main()
