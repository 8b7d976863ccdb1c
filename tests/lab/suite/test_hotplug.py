# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks and interfaces that come to a running Linux guest, and go, as often as one likes."""
import concurrent.futures
import hashlib
import os
import subprocess
import unittest

from host import Events, Host, run
from test_disks_and_networks import MODULES, SHELL, Typist

# Linux waits 5 s before it lets go of a device: 20 rounds are for a run by hand.
ROUNDS = int(os.environ.get("VIRTSEV_PLUG_ROUNDS", "3"))
BRIDGE, MAC = "virtsev1", "52:54:00:00:00:0a"
PORTS = "<controller type='pci' model='pcie-root-port'/>" * 2


def files_and_threads(process):
    return tuple(len(os.listdir(f"/proc/{process}/{what}")) for what in ("fd", "task"))


class HotPlug(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd(*MODULES)

    def setUp(self):
        self.image = self.host.root / f"{self.id()}.img"
        self.image.write_bytes(os.urandom(4 << 20))

    def boot(self, domain):
        domain.define()
        self.addCleanup(domain.virsh, "destroy")
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell")
        return console

    def make_bridge(self):
        if os.geteuid() != 0 or run("ip", "link", "add", BRIDGE, "type", "bridge").status != 0:
            self.skipTest("no bridge can be made here")
        self.addCleanup(run, "ip", "link", "del", BRIDGE)
        subprocess.run(["ip", "address", "add", "198.51.100.1/24", "dev", BRIDGE], check=True)
        subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)

    def detach_both(self, domain):
        """Each waits for the guest, which takes seconds for each: side by side."""
        commands = (("detach-disk", "vdb", "--live"), ("detach-interface", "bridge", "--mac", MAC, "--live"))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda command: domain.must(*command), commands))

    def test_a_disk_and_an_interface_come_to_an_sev_es_guest_and_go_again_and_again(self):
        self.make_bridge()
        root = self.host.root / "root.img"
        root.write_bytes(os.urandom(1 << 20))
        devices = f"{PORTS}<disk type='file'><source file='{root}'/><target dev='vda'/></disk>"
        domain = self.host.domain("plugged", command_line=SHELL, devices=devices, initrd=self.initrd)
        say = Typist(self.boot(domain))
        digest = hashlib.sha256(self.image.read_bytes()).hexdigest()
        before = None
        with Events(self.host) as events:
            for number in range(ROUNDS):
                domain.must("attach-disk", str(self.image), "vdb", "--live", "--serial", f"ROUND-{number}")
                events.await_line("device-added.*virtio-disk1")
                domain.must("attach-interface", "bridge", BRIDGE, "--mac", MAC, "--live")
                events.await_line("device-added.*net0")
                self.assertIn(f"ROUND-{number}", say("until [ -b /dev/vdb ]; do usleep 100000; done; cat /sys/block/vdb/serial"))
                self.assertIn(digest, say("sha256sum /dev/vdb"))
                say("until [ -e /sys/class/net/eth0 ]; do usleep 100000; done")
                if number in (0, ROUNDS - 1):
                    self.assertIn(" 0% packet loss", say("ip address add 198.51.100.2/24 dev eth0; ip link set eth0 up; "
                                                         "ping -c 3 -W 10 198.51.100.1"))
                self.detach_both(domain)
                self.assertNotRegex(say("ls /sys/block /sys/class/net"), "vdb|eth0")
                self.assertNotRegex(domain.must("dumpxml"), f"vdb|{MAC}")
                self.assertEqual(os.listdir(f"/sys/class/net/{BRIDGE}/brif"), [])
                after = files_and_threads(self.host.vmm_of("plugged"))
                before = before or after
                self.assertEqual(after, before, "nothing is left behind")
            self.assertIn("vda", say("ls /sys/block"), "what is on the root bus stays")
            # What the guest itself switches off goes, too; and a new virtsevd finds what is there.
            domain.must("attach-disk", str(self.image), "vdb", "--live")
            events.await_line("device-added.*virtio-disk1")
        say("until [ -b /dev/vdb ]; do usleep 100000; done")
        self.host.kill()
        self.host.start()
        self.assertIn("vdb", domain.must("domblklist"))
        self.assertNotIn("vdb", domain.must("domblklist", "--inactive"))
        self.assertIn("is on the root bus", domain.virsh("detach-disk", "vda", "--live").errors)
        console = domain.console()  # The other one ended with its virtsevd
        self.addCleanup(console.__exit__)
        say = Typist(console)
        with Events(self.host) as events:
            say("for slot in /sys/bus/pci/slots/*; do echo 0 >$slot/power; done 2>/dev/null")
            events.await_line("device-removed.*virtio-disk1")
        self.assertNotIn("vdb", domain.must("domblklist"))

    def test_a_guest_that_is_started_with_a_device_in_a_slot_lets_go_of_it(self):
        devices = (f"{PORTS}<disk type='file'><source file='{self.image}'/><target dev='vdb'/>"
                   "<address type='pci' bus='2' slot='0'/></disk>")
        domain = self.host.domain("cold", vcpus=1, command_line=SHELL, devices=devices, initrd=self.initrd)
        say = Typist(self.boot(domain))
        digest = hashlib.sha256(self.image.read_bytes()).hexdigest()
        self.assertIn(digest, say("sha256sum /dev/vda"))
        domain.must("detach-disk", "vdb", "--live")
        self.assertNotIn("vda", say("ls /sys/block"))
        domain.must("attach-disk", str(self.image), "vdc", "--live")
        self.assertIn(digest, say("until [ -b /dev/vda ]; do usleep 100000; done; sha256sum /dev/vda"))

    def test_without_a_slot_it_is_said_what_to_add(self):
        domain = self.host.domain("slotless", vcpus=1, initrd=self.initrd).define()
        domain.must("start", "--paused")
        refused = domain.virsh("attach-disk", str(self.image), "vdb", "--live")
        self.assertIn("add <controller type='pci' model='pcie-root-port'/>", refused.errors)
        domain.must("destroy")


if __name__ == "__main__":
    unittest.main()
