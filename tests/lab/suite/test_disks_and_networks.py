# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux guests with disks and networks, as domain XML asks for them."""
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import threading
import unittest

from host import Host, run

MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "ext4")
SHELL = "console=ttyS0 quiet virtsev.shell"
# udhcpc leaves it to a script to set an address.
LEASE = r"""printf '#!/bin/sh\n[ "$1" = bound ] && ip addr add $ip/24 dev eth0 && ip route add default via $router\n' >/lease; chmod +x /lease"""


def disk(image, target="vda", more="", driver=""):
    return (f"<disk type='file' device='disk'><driver name='qemu' type='raw' {driver}/><source file='{image}'/>"
            f"<target dev='{target}' bus='virtio'/>{more}</disk>")


def make_image(path, files, size="64M"):
    tree = path.with_suffix(".d")
    tree.mkdir()
    for name, content in files.items():
        (tree / name).write_bytes(content)
    subprocess.run(["truncate", "-s", size, path], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, path], check=True, stdin=subprocess.DEVNULL)


def give_a_default_route():
    """passt takes the host's addresses from the interface of its default route; the lab has none."""
    if not run("ip", "-4", "route", "show", "default").output:
        for command in ("link set lo up", "tuntap add nowhere mode tap", "address add 192.0.2.2/24 dev nowhere", "link set nowhere up",
                        "route add default via 192.0.2.1"):
            subprocess.run(["ip", *command.split()], check=True)


def receive_all(server):
    """How many bytes the first client sends."""
    server.settimeout(120)
    with server.accept()[0] as connection:
        count = 0
        while piece := connection.recv(1 << 20):
            count += len(piece)
    return count


class Typist:
    """Types commands at a guest's shell, one after the other, each when the one before has ended."""

    def __init__(self, console):
        self.console, self.count = console, 0

    def __call__(self, command, seconds=120):
        self.count += 1
        # What is typed is shown, too: so the mark is put together by the shell.
        self.console.type(f"{command}; echo done-$(({self.count} + 1000)):$?\n")
        text = self.console.await_text(f"done-{self.count + 1000}:", seconds)
        output = text.rsplit(f"done-{self.count + 1000}:", 1)[0]
        self.console.forget(f"done-{self.count + 1000}:")
        return output


class DisksAndNetworks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd(*MODULES)

    def boot(self, domain):
        domain.define()
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell")
        return console

    def switch_off(self, domain, console):
        console.type("poweroff -f\n")
        console.await_end()
        self.assertEqual(domain.state(), "shut off (shutdown)")

    def test_an_sev_es_guest_reads_and_writes_its_disks_and_nobody_else_does_meanwhile(self):
        root, readonly = self.host.root / "data.img", self.host.root / "readonly.img"
        content = os.urandom(3 << 20)
        make_image(root, {"given": content})
        make_image(readonly, {"fixed": b"as it was"})
        before = hashlib.sha256(readonly.read_bytes()).hexdigest()
        devices = (disk(root, driver="cache='writethrough' io='io_uring' discard='unmap'", more="<serial>DATA-1</serial>") +
                   disk(readonly, "vdb", more="<readonly/>", driver="io='threads'") + "<rng model='virtio'/>")
        domain = self.host.domain("disks", command_line=SHELL, devices=devices, initrd=self.initrd)
        console = self.boot(domain)
        say = Typist(console)
        self.assertIn("DATA-1", say("cat /sys/block/vda/serial"))
        self.assertIn(hashlib.sha256(content).hexdigest(), say("mkdir /a /b; mount -t ext4 /dev/vda /a; sha256sum /a/given"))
        self.assertIn("as it was", say("mount -t ext4 -o ro /dev/vdb /b; cat /b/fixed"))
        self.assertRegex(say("mount -o remount,rw /b 2>&1"), "Permission denied|Read-only")
        say("dd if=/dev/hwrng of=/a/made bs=4096 count=64 2>/dev/null; sync")
        made = re.search(r"[0-9a-f]{64}", say("echo 3 >/proc/sys/vm/drop_caches; sha256sum /a/made"))[0]
        say("cp /a/made /a/again && rm /a/made && sync && umount /a")

        other = self.host.domain("other", devices=disk(root), initrd=self.initrd).define()
        refused = other.virsh("start")
        self.assertIn("is in use: another guest, or a tool, writes it", refused.errors)
        if pathlib.Path("/usr/bin/qemu-io").exists():
            self.assertNotEqual(run("qemu-io", "-f", "raw", "-c", "write 0 512", root).status, 0)
        self.assertIn("vda", domain.must("domblklist"))

        self.switch_off(domain, console)
        self.assertEqual(hashlib.sha256(readonly.read_bytes()).hexdigest(), before)
        self.assertEqual(run("e2fsck", "-fn", root).status, 0, "the file system is whole")
        copy = self.host.root / "again"
        run("debugfs", "-R", f"dump /again {copy}", root)
        self.assertEqual(hashlib.sha256(copy.read_bytes()).hexdigest(), made)

    def test_a_guest_is_reached_from_the_host_through_passt(self):
        if run("passt", "--version").status != 0:
            self.skipTest("passt is not installed")
        give_a_default_route()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        devices = (f"<interface type='user'><mac address='52:54:00:00:00:07'/><portForward proto='tcp' address='127.0.0.1'>"
                   f"<range start='{port}' to='80'/></portForward></interface>")
        domain = self.host.domain("user", policy="0x1", command_line=SHELL, devices=devices, initrd=self.initrd)
        console = self.boot(domain)
        say = Typist(console)
        self.assertIn("52:54:00:00:00:07", say("ip link show eth0"))
        self.assertRegex(say(f"{LEASE}; ip link set eth0 up; udhcpc -i eth0 -n -q -s /lease"), "lease of [0-9.]+ obtained")
        say("echo said by the guest | nc -l -p 80 & until grep -q ':0050 .* 0A ' /proc/net/tcp /proc/net/tcp6; do usleep 100000; done")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            # passt of Debian 12 acknowledges the guest's end of the handshake only with the client's first bytes.
            connection.sendall(b"asked by the host\n")
            answer = connection.makefile().readline()
        self.assertEqual(answer, "said by the guest\n")
        self.switch_off(domain, console)

    def test_a_guest_and_its_host_reach_each_other_over_a_bridge_and_across_a_reset(self):
        if os.geteuid() != 0 or run("ip", "link", "add", "virtsev0", "type", "bridge").status != 0:
            self.skipTest("no bridge can be made here")
        self.addCleanup(run, "ip", "link", "del", "virtsev0")
        subprocess.run(["ip", "address", "add", "198.51.100.1/24", "dev", "virtsev0"], check=True)
        subprocess.run(["ip", "link", "set", "virtsev0", "up"], check=True)
        devices = "<interface type='bridge'><source bridge='virtsev0'/><mtu size='1400'/></interface>"
        domain = self.host.domain("bridged", vcpus=1, policy="0x1", command_line=SHELL, devices=devices, initrd=self.initrd)
        console = self.boot(domain)
        say = Typist(console)
        self.assertIn("1400", say("cat /sys/class/net/eth0/mtu"))
        tap = re.search(r"<target dev='(\w+)'/>", domain.must("dumpxml"))[1]
        self.assertIn(tap, os.listdir("/sys/class/net/virtsev0/brif"))
        ping = "ip address add 198.51.100.2/24 dev eth0; ip link set eth0 up; ping -c 3 -W 10 198.51.100.1"
        self.assertIn(" 0% packet loss", say(ping))
        domain.must("domif-setlink", tap, "down")
        self.assertIn("down", domain.must("domif-getlink", tap))
        say("until grep -q 0 /sys/class/net/eth0/carrier; do usleep 100000; done")
        self.assertIn("100% packet loss", say("ping -c 1 -W 1 198.51.100.1"))
        domain.must("domif-setlink", tap, "up")
        say("until grep -q 1 /sys/class/net/eth0/carrier; do usleep 100000; done")
        self.assertIn(" 0% packet loss", say("ping -c 3 -W 10 198.51.100.1"))
        # A large transfer, which the guest sends in segments that nobody has cut.
        server = socket.create_server(("198.51.100.1", 0))
        self.addCleanup(server.close)
        received = []
        receiver = threading.Thread(target=lambda: received.append(receive_all(server)))
        receiver.start()
        say(f"head -c 8388608 /dev/zero | nc 198.51.100.1 {server.getsockname()[1]}")
        receiver.join()
        self.assertEqual(received, [8 << 20])
        console.type("echo b >/proc/sysrq-trigger\n")
        console.await_text("a shell, as virtsev.shell")
        self.assertIn(" 0% packet loss", Typist(console)(ping))
        self.switch_off(domain, console)
        self.assertNotIn(tap, os.listdir("/sys/class/net"))


if __name__ == "__main__":
    unittest.main()
