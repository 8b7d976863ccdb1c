# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtsevd that gets killed: its processes, its files, and how a client sees its domains."""
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import libvirt

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("VIRTSEV_BUILD") or SOURCE / "build").resolve()
sys.path.append(str(SOURCE / "tests/tools"))
import tiny_kernel  # noqa: E402

# Limits of time find what hangs, and nothing else.
PATIENCE = 120
UNKNOWN_DOMAIN = libvirt.VIR_ERR_NO_DOMAIN

XML = """<domain type='kvm'><name>{name}</name><uuid>{uuid}</uuid><title>{title}</title><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel></os><on_crash>{on_crash}</on_crash>
<devices><console type='pty'/></devices><launchSecurity type='sev'><policy>0x0000</policy></launchSecurity></domain>"""


class Violation(Exception):
    """Something was lost, torn or leaked."""


def demand(condition, *words):
    if not condition:
        raise Violation(" ".join(str(word) for word in words))


def await_end(process):
    """Of a process that is not our child, and may have ended before."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE)[0])
    finally:
        os.close(descriptor)


def send(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


class Host:
    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-kill."))
        self.uri = f"sev+unix:///system?socket={self.root}/run/virtsevd-sock"
        self.kernel = tiny_kernel.write(self.root / "kernel")
        self.dumps = self.root / "dumps"
        self.dumps.mkdir()
        self.process = None

    def launch(self):
        """Returns at once; ready() waits for it."""
        path = self.root / "notify"
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(str(path))
        environment = {**os.environ, "VIRTSEV_VMM": str(BUILD / "driver/vmm/virtsev-vmm"), "NOTIFY_SOCKET": str(path), "LC_ALL": "C"}
        with open(self.root / "virtsevd.log", "ab") as log:
            self.process = subprocess.Popen([BUILD / "driver/daemon/virtsevd", "--root", self.root, "--platform", "simulated"],
                                            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ready(self):
        ended = os.pidfd_open(self.process.pid)
        try:
            while True:
                readable = select.select([self.listener, ended], [], [], PATIENCE)[0]
                demand(readable, "virtsevd does not get ready")
                if self.listener in readable and b"READY=1" in self.listener.recv(4096):
                    return
                demand(ended not in readable, "virtsevd did not start:", self.log_tail())
        finally:
            os.close(ended)
            self.listener.close()

    def start(self):
        self.launch()
        self.ready()

    def stop(self, number):
        """Ends it by this signal, and says how it ended."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def restart(self):
        if self.process.poll() is None:
            status = self.stop(signal.SIGTERM)
            demand(status == 0, "virtsevd ended with", status, self.log_tail())
        self.listener.close()
        self.start()

    def connect(self):
        return libvirt.open(self.uri)

    def xml(self, name, uuid, title, on_crash="destroy"):
        return XML.format(name=name, uuid=uuid, title=title, kernel=self.kernel, on_crash=on_crash)

    def monitors(self):
        """All that belong to this host: whoever has the lock on its state, by their executable and their parent's root."""
        found = set()
        for directory in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (directory / "cmdline").read_bytes()
                if b"virtsev-vmm" in command.split(b"\0")[0] and any(
                        os.readlink(link).startswith(f"{self.root}/") for link in (directory / "fd").iterdir()):
                    found.add(int(directory.name))
            except OSError:
                pass
        return found

    def monitor_of(self, uuid):
        try:
            status = (self.root / f"run/sev/{uuid}.status").read_text()
        except FileNotFoundError:
            return None
        found = re.search(r"^pid (\d+)$", status, re.M)
        return int(found[1]) if found and int(found[1]) > 0 else None

    def log_tail(self):
        return "\n" + "".join((self.root / "virtsevd.log").read_text(errors="replace").splitlines(True)[-25:])

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for monitor in self.monitors():
            send(monitor, signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)
