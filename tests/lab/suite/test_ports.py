# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux guests with consoles and channels, and guests that panic, as domain XML asks for them."""
import pathlib
import re
import socket
import unittest

from host import Console, Events, Host
from test_disks_and_networks import SHELL, Typist

NAME = "org.qemu.guest_agent.0"
DEVICES = f"<console type='pty'><target type='virtio'/></console><channel type='unix'><target type='virtio' name='{NAME}'/></channel>"
AGENT = r"""while read -r line; do [ "$line" = end ] && break; echo "guest heard: $line"; done <&3 >&3"""


class Ports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd("virtio_pci", "virtio_console", "pvpanic_pci")

    def test_a_client_talks_to_a_guests_agent_and_its_second_console_is_reached_by_name(self):
        domain = self.host.domain("ports", vcpus=1, command_line=SHELL, devices=DEVICES, initrd=self.initrd).define()
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        xml = domain.must("dumpxml")
        path = pathlib.Path(re.search(r"<source mode='bind' path='([^']+)'/>", xml)[1])
        self.assertTrue(path.is_socket())
        self.assertIn(f"name='{NAME}' state='disconnected'", xml)
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell")
        say = Typist(console)
        self.assertIn(NAME, say("cat /sys/class/virtio-ports/vport*p1/name"))
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(120)
            client.connect(str(path))
            say("port=$(echo /dev/vport*p1); exec 3<>$port")  # A redirection finds no names by pattern
            self.assertIn(f"name='{NAME}' state='connected'", domain.must("dumpxml"))
            client.sendall(b"first\nsecond\nend\n")
            say(AGENT)
            answers = client.makefile()
            self.assertEqual([answers.readline(), answers.readline()], ["guest heard: first\n", "guest heard: second\n"])
            # virtsevd comes again, and neither the client nor the guest notices.
            self.host.kill()
            self.host.start()
            console = domain.console()
            self.addCleanup(console.__exit__)
            console.await_prompt("/ # ")
            say = Typist(console)
            client.sendall(b"third\nend\n")
            say(AGENT)
            self.assertEqual(answers.readline(), "guest heard: third\n")
        say("exec 3>&-")
        self.assertIn(f"name='{NAME}' state='disconnected'", domain.must("dumpxml"))
        with Console(domain, "--devname", "console1") as other:
            say("echo said on the second console >/dev/hvc0")
            other.await_text("said on the second console", 60)
        console.type("poweroff -f\n")
        console.await_end()
        self.assertFalse(path.exists(), "the socket goes with its guest")
        self.assertFalse(path.parent.exists())

    def test_a_guest_that_panics_is_crashed_and_kept_or_started_again_as_its_xml_says(self):
        domain = self.host.domain("panics", vcpus=1, policy="0x1", command_line=SHELL, devices="<panic model='pvpanic'/>", initrd=self.initrd).define()
        domain.must("set-lifecycle-action", "--config", "crash", "preserve")
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        with Events(self.host) as events:
            domain.must("resume")
            console.await_text("a shell, as virtsev.shell")
            console.type("echo c >/proc/sysrq-trigger\n")
            events.await_line("event 'lifecycle' for domain '?panics'?: Crashed Panicked")
        self.assertEqual(domain.state(), "crashed (panicked)")
        self.host.kill()
        self.host.start()
        self.assertEqual(domain.state(), "crashed (panicked)")
        domain.must("destroy")
        domain.must("set-lifecycle-action", "--config", "crash", "restart")
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell")
        console.type("echo c >/proc/sysrq-trigger\n")
        console.await_text("Kernel panic - not syncing")
        console.forget("Kernel panic - not syncing")
        console.await_text("a shell, as virtsev.shell")
        self.assertEqual(domain.state(), "running (booted)")


if __name__ == "__main__":
    unittest.main()
