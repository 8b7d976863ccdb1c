# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU's own guest agent in an SEV-ES guest, asked by stock virsh."""
import pathlib
import re
import socket
import sys
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "load"))
from guest_programs import command, mount, program_disk  # noqa: E402
from host import Host  # noqa: E402
from test_disks_and_networks import SHELL, Typist, disk  # noqa: E402

CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
# What the agent runs for two of its commands, and this guest does not have.
HELPERS = (r"mkdir -p /sbin /usr/sbin /bin; printf '#!/bin/sh\npoweroff -f\n' >/sbin/shutdown; printf '#!/bin/sh\ncat >/heard\n' >/usr/sbin/chpasswd; "
           "chmod +x /sbin/shutdown /usr/sbin/chpasswd; export PATH=$PATH:/sbin:/usr/sbin")


class GuestAgent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd("virtio_pci", "virtio_blk", "virtio_console", "ext4")
        cls.programs = program_disk(cls.host.root / "programs.img", "qemu-ga")

    def test_the_agent_of_an_sev_es_guest_answers_and_shuts_it_down(self):
        devices = disk(self.programs, more="<readonly/>") + CHANNEL
        domain = self.host.domain("agent", vcpus=1, command_line=SHELL, devices=devices, initrd=self.initrd).define()
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        paused = domain.virsh("domtime")
        self.assertIn("does not run, and its agent can't answer", paused.errors)
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell")
        say = Typist(console)
        absent = domain.virsh("domtime")
        self.assertIn("no agent runs in the guest", absent.errors)
        say(f"{HELPERS}; hostname inside; ip addr add 192.0.2.7/24 dev lo; ip link set lo up")
        say(mount("/dev/vda"))
        say(f"mkdir -p /run/state; {command('qemu-ga')} -d -t /run/state -f /run/qga.pid -m virtio-serial -p $(echo /dev/vport*p1)")

        self.assertEqual(domain.must("domhostname", "--source", "agent").strip(), "inside")
        guest_time = int(re.search(r"Time: (\d+)", domain.must("domtime"))[1])
        self.assertLess(abs(guest_time - time.time()), 3600)
        self.assertRegex(domain.must("domifaddr", "--source", "agent"), r"lo +\S+ +ipv4 +(127\.0\.0\.1/8|192\.0\.2\.7/24)")
        self.assertRegex(domain.must("domfsinfo"), r"/programs +vda +ext4 +vda")
        info = domain.must("guestinfo")
        for line in ("hostname *: inside", "os.machine *: x86_64", "fs.0.mountpoint *: /programs", "fs.0.disk.0.alias *: vda", "if.0.name *: lo"):
            self.assertRegex(info, line)
        domain.must("domfsfreeze")
        self.assertIn("keeps the guest's file systems frozen", domain.virsh("domtime").errors)
        domain.must("domfsthaw")
        domain.must("domtime")
        domain.must("set-user-password", "root", "word")
        self.assertIn("root:word", say("cat /heard"))
        nobody = domain.virsh("set-user-password", "ro\not", "word")
        self.assertNotEqual(nobody.status, 0)

        path = re.search(r"<source mode='bind' path='([^']+)'/>", domain.must("dumpxml"))[1]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            self.assertIn("another program is connected to the guest agent's channel", domain.virsh("domtime").errors)
        # virtsevd comes again, and finds the channel.
        self.host.kill()
        self.host.start()
        console = domain.console()
        self.addCleanup(console.__exit__)
        console.await_prompt("/ # ")
        self.assertEqual(domain.must("domhostname").strip(), "inside")
        reboot = domain.virsh("reboot", "--mode", "agent")
        self.assertIn("an SEV-ES guest can't reboot", reboot.errors)
        domain.must("shutdown", "--mode", "agent")
        console.await_end()
        self.assertEqual(domain.state(), "shut off (shutdown)")


if __name__ == "__main__":
    unittest.main()
