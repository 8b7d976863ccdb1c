# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest on a network and a volume that a real libvirtd has, both made by stock virsh through virtsevd."""
import os
import pathlib
import re
import signal
import sys
import unittest

from host import SOURCE, Host, end_process, run
from test_disks_and_networks import MODULES, SHELL, Typist, make_image

sys.path.append(str(SOURCE / "tests/tools"))
from private_libvirtd import Libvirtd, why_not  # noqa: E402

# Without DHCP, DNS and a firewall, so that the host needs no dnsmasq and no iptables.
NETWORK = """<network><name>lan</name><forward mode='open'/><bridge name='virbr77'/><dns enable='no'/>
<ip address='198.51.100.1' netmask='255.255.255.0'/></network>"""
DEVICES = """<interface type='network'><mac address='52:54:00:00:00:77'/><source network='lan'/></interface>
<disk type='volume'><source pool='images' volume='data.img'/><target dev='vda' bus='virtio'/></disk>"""


@unittest.skipUnless(os.environ.get("VIRTSEV_LAB_KIND") == "qemu", "a libvirtd of the test's own is for a machine of its own")
@unittest.skipIf(why_not(), why_not())
class LibvirtsNetworks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        libvirtd = Libvirtd(str(cls.host.root))
        cls.addClassCleanup(libvirtd.end)
        cls.images = cls.host.root / "images"
        cls.images.mkdir()
        make_image(cls.images / "data.img", {"given": b"from a volume"})
        cls.network = cls.host.root / "lan.xml"
        cls.network.write_text(NETWORK)

    def must(self, *words):
        result = self.host.virsh(*words)
        self.assertEqual(result.status, 0, f"virsh {words}: {result}")
        return result.output

    def ports(self):
        return re.findall(r"[0-9a-f-]{36}", self.must("net-port-list", "lan"))

    def test_a_guest_is_on_the_network_and_reads_the_volume_while_it_runs(self):
        initrd = self.host.make_initrd(*MODULES)
        domain = self.host.domain("networked", vcpus=1, command_line=SHELL, devices=DEVICES, initrd=initrd).define()
        # Defined before either is there; each is asked for by its name.
        self.assertIn("<disk> vda: Storage pool not found", domain.virsh("start").errors)
        self.must("pool-define-as", "images", "dir", "--target", str(self.images))
        self.assertIn("the storage pool 'images' is not active", domain.virsh("start").errors)
        self.must("pool-start", "images")
        self.assertIn("52:54:00:00:00:77: Network not found", domain.virsh("start").errors)
        self.must("net-define", str(self.network))
        self.assertIn("the network 'lan' is not active: start it (virsh net-start lan)", domain.virsh("start").errors)
        self.must("net-start", "lan")
        self.assertEqual(self.ports(), [])

        domain.must("start", "--paused")
        xml = domain.must("dumpxml")
        port = re.search(r"<source network='lan' portid='([0-9a-f-]{36})' bridge='virbr77'/>", xml)[1]
        self.assertEqual(self.ports(), [port])
        self.assertIn("<mac address='52:54:00:00:00:77'/>", self.must("net-port-dumpxml", "lan", port))
        tap = re.search(r"<target dev='(vnet\d+)'/>", xml)[1]
        self.assertIn(tap, os.listdir("/sys/class/net/virbr77/brif"))
        self.assertRegex(domain.must("domiflist"), rf"{tap} +network +lan +virtio")
        self.assertIn(str(self.images / "data.img"), domain.must("domstats", "--block"))
        with domain.console() as console:
            domain.must("resume")
            console.await_text("a shell, as virtsev.shell")
            say = Typist(console)
            self.assertIn("from a volume", say("mkdir /a; mount -t ext4 /dev/vda /a; cat /a/given"))
            ping = "ip address add 198.51.100.2/24 dev eth0; ip link set eth0 up; ping -c 3 -W 10 198.51.100.1"
            self.assertIn(" 0% packet loss", say(ping))
            # Another virtsevd knows of the port, and gives it back.
            self.host.kill()
            self.host.start()
            self.assertEqual(domain.must("dumpxml"), xml)
            self.assertEqual(self.ports(), [port])
        domain.must("destroy")
        self.await_no_port()

        # And of a guest whose monitor dies.
        domain.must("start", "--paused")
        self.assertEqual(len(self.ports()), 1)
        end_process(self.host.vmm_of("networked"), signal.SIGKILL)
        self.await_no_port()
        self.must("net-destroy", "lan")
        self.assertFalse(pathlib.Path("/sys/class/net/virbr77").exists())

    def await_no_port(self):
        """It is given back when the guest has ended, by a call of its own: there is no event of it."""
        for _ in range(200):
            if not self.ports():
                return
            run("sleep", "0.1")
        self.fail(f"the network still has ports: {self.ports()}")


if __name__ == "__main__":
    unittest.main()
