#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks under load: iperf3 between an SEV-ES guest and its host, both ways, over a bridge and over passt.

usage: tests/lab/run tests/lab/load/test_iperf3.py [-v]"""
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "suite"), str(pathlib.Path(__file__).resolve().parent)]
from host import Host, run  # noqa: E402
from guest_programs import command, mount, program_disk  # noqa: E402
from test_disks_and_networks import LEASE, MODULES, SHELL, Typist, disk, give_a_default_route  # noqa: E402

BRIDGE, ADDRESS, GUEST = "virtsev9", "198.51.100.9", "198.51.100.10"
BYTES = 4 << 20


class Iperf3(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd(*MODULES)
        cls.programs = program_disk(cls.host.root / "programs.img", "iperf3")

    def boot(self, name, interface):
        devices = disk(self.programs, more="<readonly/>") + interface
        domain = self.host.domain(name, vcpus=2, command_line=SHELL, devices=devices, initrd=self.initrd).define()
        domain.must("start", "--paused")
        self.console = domain.console()
        self.addCleanup(self.console.__exit__)
        domain.must("resume")
        self.console.await_text("a shell, as virtsev.shell")
        say = Typist(self.console)
        # iperf3 makes a file there for each stream.
        say(f"mkdir /tmp; {mount('/dev/vda')}")
        return domain, say

    def transfer(self, say, host, *options):
        """BYTES and more, one way. A sender stops when it has handed them over: what its peer says that it has read is less by what
        was on its way then."""
        with subprocess.Popen(["iperf3", "--server", "--one-off"], stdout=subprocess.DEVNULL) as server:
            self.addCleanup(server.kill)
            self.await_listener(server)
            said = say(f"{command('iperf3')} --client {host} --bytes {BYTES} {' '.join(options)}", 280)
            self.assertEqual(0, server.wait(60), said)
        self.assertIn("iperf Done.", said)
        sent, received = (self.bytes_of(said, role) for role in ("sender", "receiver"))
        self.assertGreaterEqual(sent, BYTES, said)
        self.assertGreaterEqual(received, BYTES / 2, said)

    def bytes_of(self, said, role):
        """Of the last line of that role, which is the sum of all streams."""
        (*_, (number, unit)) = re.findall(rf"([0-9.]+) ([KMG])Bytes .*\b{role}", said)
        return float(number) * 1024 ** (1 + "KMG".index(unit))

    def await_listener(self, server):
        """Until the server can be reached."""
        while server.poll() is None and not run("ss", "--listening", "--tcp", "--no-header", "sport = :5201").output:
            time.sleep(0.05)

    def both_ways(self, say, host):
        self.transfer(say, host)
        self.transfer(say, host, "--reverse")
        self.transfer(say, host, "--parallel", "4")

    def switch_off(self):
        self.console.type("poweroff -f\n")
        self.console.await_end()

    def test_both_ways_over_a_bridge(self):
        if os.geteuid() != 0 or run("ip", "link", "add", BRIDGE, "type", "bridge").status != 0:
            self.skipTest("no bridge can be made here")
        self.addCleanup(run, "ip", "link", "del", BRIDGE)
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/24", "dev", BRIDGE], check=True)
        subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)
        _, say = self.boot("over-bridge", f"<interface type='bridge'><source bridge='{BRIDGE}'/><driver queues='2'/></interface>")
        say(f"ip address add {GUEST}/24 dev eth0; ip link set eth0 up")
        self.both_ways(say, ADDRESS)
        self.switch_off()

    def test_both_ways_over_passt(self):
        if run("passt", "--version").status != 0:
            self.skipTest("passt is not installed")
        give_a_default_route()
        _, say = self.boot("over-passt", "<interface type='user'><backend type='passt'/></interface>")
        self.assertRegex(say(f"{LEASE}; ip link set eth0 up; udhcpc -i eth0 -n -q -s /lease"), "lease of [0-9.]+ obtained")
        # passt gives the guest the host's own addresses; the gateway's stands for the host.
        gateway = say("ip -4 route show default").split(" via ")[1].split()[0]
        self.both_ways(say, gateway)
        self.switch_off()


if __name__ == "__main__":
    unittest.main()
