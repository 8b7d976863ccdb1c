# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtsevd of a test's own, for tests that are called with the programs' paths: TEST VIRTSEVD VIRTSEV_VMM ..."""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

VIRTSEVD, VMM = sys.argv[1:3]
KERNEL = next(iter(sorted(glob.glob("/boot/vmlinuz-*"))), None)
SKIPPED = 77
PATIENCE = 300  # Finds what hangs; a machine under load, or an emulated one, does not


def why_not(guests=True):
    """The reason why no guest can be started, or defined alone, here; None where one can."""
    if shutil.which("virsh") is None:
        return "virsh is not installed"
    if guests and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm can't be opened"
    if KERNEL is None or not os.access(KERNEL, os.R_OK):
        return "there is no kernel to read under /boot"
    return None


class Daemon:
    """A virtsevd with a directory of its own; ready when the object is there."""

    def __init__(self, root, *options, platform="simulated"):
        self.root = root
        self.log = open(os.path.join(root, "daemon.log"), "a+")
        arguments = [VIRTSEVD, "--root", root, "--verbose", *options]
        if platform:
            arguments += ["--platform", platform]
        # READY=1 to the service manager is also how a test knows.
        notify = os.path.join(root, "notify")
        if os.path.exists(notify):
            os.unlink(notify)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(notify)
            listener.settimeout(PATIENCE)
            environment = dict(os.environ, VIRTSEV_VMM=VMM, NOTIFY_SOCKET=notify)
            self.process = subprocess.Popen(arguments, stderr=self.log, env=environment)
            ready = listener.recv(4096)
            assert b"READY=1" in ready, ready

    def virsh(self, *command, fails=False, read_only=False):
        uri = self.uri("-ro" if read_only else "")
        done = subprocess.run(["virsh", *(["-r"] if read_only else []), "-c", uri, *command], capture_output=True,
                              text=True, timeout=PATIENCE)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"virsh {command}: {done.returncode}: {done.stdout}{done.stderr}\n{self.read_log()}")
        return done.stderr if fails else done.stdout

    def define_text(self, xml):
        path = os.path.join(self.root, "define.xml")
        with open(path, "w") as file:
            file.write(xml)
        self.virsh("define", path)

    def destroy_guests(self):
        """A guest that ends by itself between the two commands is as good as destroyed."""
        for name in self.virsh("list", "--name").split():
            subprocess.run(["virsh", "-q", "-c", self.uri(), "destroy", name], capture_output=True, timeout=PATIENCE)

    def uri(self, suffix=""):
        return f"sev+unix:///system?socket={self.root}/run/virtsevd-sock{suffix}"

    def read_log(self):
        with open(os.path.join(self.root, "daemon.log")) as log:
            return log.read()

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.log.close()
        # A leak that a sanitizer finds at the end would go unseen.
        assert number != signal.SIGTERM or status == 0, f"virtsevd ended with {status}:\n{self.read_log()}"
        return status

    def monitor(self, domain):
        uuid = self.virsh("domuuid", domain).strip()
        with open(f"{self.root}/run/sev/{uuid}.status") as status:
            return int(re.search(r"^pid (\d+)$", status.read(), re.M).group(1))
