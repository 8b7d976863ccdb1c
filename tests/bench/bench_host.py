# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benchmarks share: a virtsevd of their own with a simulated platform, what /proc says of a process, and figures beside budgets."""

import argparse
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
UNMEASURED = ("unmeasured", "secrets")


def cpu_ms(pid):
    """CPU time of a process's threads since it was forked, in milliseconds: to the nanosecond, which /proc/PID/stat is not."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e6


def memory_kib(pid):
    """Sums over a process's mappings, guest memory (memfd) left out: resident; its share (PSS: what others map, too, divided among them); and
    private, which is what one process more costs; anonymous (heap and stacks), which other processes have no part in."""
    sums = dict.fromkeys(("Rss", "Pss", "Private_Clean", "Private_Dirty", "Anonymous"), 0)
    guest = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            guest = "/memfd:" in line
        elif not guest and (found := re.match(r"(\w+): +(\d+) kB", line)) and found[1] in sums:
            sums[found[1]] += int(found[2])
    return {"rss": sums["Rss"], "pss": sums["Pss"], "private": sums["Private_Clean"] + sums["Private_Dirty"],
            "anonymous": sums["Anonymous"]}


class Host:
    """`with Host(build) as host`: virtsevd in a temporary directory."""

    def __init__(self, build, firmware_delay_ms_per_mib=0):
        self.build = pathlib.Path(build).resolve()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-bench."))
        self.uri = f"sev+unix:///system?socket={self.root}/run/virtsevd-sock"
        self.environment = dict(os.environ, LC_ALL="C", VIRTSEV_VMM=str(self.build / "driver/vmm/virtsev-vmm"))
        (self.root / "etc").mkdir()
        (self.root / "etc/virtsevd.conf").write_text(f"firmware_delay = {firmware_delay_ms_per_mib}\n")

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        for name in self.virsh("list", "--name").split():
            subprocess.run(["virsh", "-q", "-c", self.uri, "destroy", name], capture_output=True)
        self.end()
        shutil.rmtree(self.root)

    def begin(self):
        """--daemon returns when the sockets are there."""
        subprocess.run([self.build / "driver/daemon/virtsevd", "--root", self.root, "--platform", "simulated", "--daemon"],
                       env=self.environment, check=True, stdout=subprocess.DEVNULL)
        self.pid = int((self.root / "run/virtsevd.pid").read_text())

    def end(self):
        descriptor = os.pidfd_open(self.pid)
        os.kill(self.pid, signal.SIGTERM)
        select.select([descriptor], [], [], 60)
        os.close(descriptor)

    def virsh(self, *words):
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *words], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"virsh {' '.join(words)}: {done.stderr}")
        return done.stdout

    def program(self, path, *words):
        """What a program of the build prints."""
        return subprocess.run([self.build / path, *words], env=self.environment, check=True, capture_output=True, text=True).stdout

    def kernel(self, arguments):
        return arguments.kernel or self.build / "tests/bench/small-kernel.bin"

    def monitor(self, name):
        """The process number of a running domain's monitor."""
        uuid = self.virsh("domuuid", name).strip()
        return int(re.search(r"^pid (\d+)$", (self.root / f"run/sev/{uuid}.status").read_text(), re.M)[1])

    def write_xml(self, name, *what):
        path = self.root / f"{name}.xml"
        path.write_text(domain_xml(name, *what))
        return path

    def define(self, name, *what):
        """`what`: the arguments of domain_xml. Returns the file."""
        path = self.write_xml(name, *what)
        self.virsh("define", path)
        return path

    def define_many(self, names, *what):
        """By one virsh."""
        self.virsh(";".join(f"define {self.write_xml(name, *what)}" for name in names))

    def measured_bytes(self, xml):
        regions = json.loads(self.program("driver/cli/virtsev", "explain", "--json", xml))["regions"]
        return sum(region["size"] for region in regions if region["type"] not in UNMEASURED)


def domain_xml(name, kernel, vcpus=1, policy="0x0001"):
    return f"""<domain type='kvm'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>{vcpus}</vcpu>
      <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel>
      <cmdline>console=ttyS0</cmdline></os><devices><serial type='pty'/><console type='pty'/></devices>
      <launchSecurity type='sev'><policy>{policy}</policy></launchSecurity></domain>"""


class Figures:
    """Prints each figure beside its budget; `within` holds it to a multiple of it."""

    def __init__(self):
        self.over = []

    def show(self, what, figure, unit, budget=None, limit=None):
        """`limit`: the multiple of the budget that fails a test. Generous where the machine's load counts."""
        line = f"{what:<62} {figure:>10.2f} {unit}"
        if budget is not None:
            line += f"   budget {budget:g} {unit}, ratio {figure / budget:.2f}"
            if limit is not None and figure > limit * budget:
                self.over.append(what)
                line += f"   OVER {limit:g} times the budget"
        print(line, flush=True)

    def status(self):
        return 1 if self.over else 0


def parse(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", default=ROOT / "build", help="the build directory (%(default)s)")
    parser.add_argument("--kernel", help="a bzImage (one of 64 KiB, made for this)")
    return parser


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def need_kvm():
    if shutil.which("virsh") is None:
        skip("virsh is not installed")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        skip("/dev/kvm can't be opened")
