#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every stock client must be able to do, each against a virtsevd of its own with a simulated platform: connect, list, define, start,
state, XML, events, destroy, undefine. Guests are launched and measured and stay paused, so any /dev/kvm will do.

usage: test_clients.py VIRTSEVD VIRTSEV_VMM SUITE BUILD_DIRECTORY     (virsh of SUITE is one of the clients)"""

import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../daemon"), os.path.join(HERE, "../../tools")]
import daemon_process  # noqa: E402 (it lies in the folders named above, as the next three)
import go_libvirt  # noqa: E402
import tiny_kernel  # noqa: E402
import unpacked_virsh  # noqa: E402

SUITE, BUILD = sys.argv[3:5]
PATIENCE = 300  # Finds what hangs; a machine under load, or an emulated one, does not
LIFECYCLE = ["Defined", "Undefined", "Started", "Suspended", "Resumed", "Stopped", "Shutdown"]
STATES = {1: "running", 3: "paused", 5: "shut off"}


class Virsh:
    """Each step is a command of its own; events come from one that stays."""

    def __init__(self, command, uri, directory):
        self.command, self.directory = [command, "-q", "-c", uri], directory
        self.master, terminal = os.openpty()  # without a terminal it would keep its lines back
        self.process = subprocess.Popen([*self.command, "event", "--event", "lifecycle", "--loop"], stdin=subprocess.DEVNULL,
                                        stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)
        self.seen = ""

    def run(self, *words):
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, f"virsh {words}: {done.stderr}"
        return done.stdout.strip()

    def uri(self):
        return self.run("uri")

    def list(self):
        return self.run("list", "--all", "--name").split()

    def define(self, xml):
        path = os.path.join(self.directory, "client.xml")
        with open(path, "w") as file:
            file.write(xml)
        self.run("define", path)

    def start_paused(self, name):
        self.run("start", "--paused", name)

    def state(self, name):
        return self.run("domstate", name)

    def xml(self, name):
        return self.run("dumpxml", name)

    def destroy(self, name):
        self.run("destroy", name)

    def undefine(self, name):
        self.run("undefine", name)

    def events(self, seconds):
        """Those that have come since the last call; waits so long for one."""
        if not select.select([self.master], [], [], seconds)[0]:
            return []
        self.seen += os.read(self.master, 65536).decode()
        *lines, self.seen = self.seen.split("\n")
        return [match.groups() for line in lines if (match := re.match(r"event 'lifecycle' for domain '(.*?)': (\w+)", line))]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class LibvirtPython:
    def __init__(self, uri):
        import libvirt
        self.libvirt, self.seen = libvirt, []
        libvirt.virEventRegisterDefaultImpl()
        self.connection = libvirt.open(uri)
        self.connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
            lambda _, domain, event, *__: self.seen.append((domain.name(), LIFECYCLE[event])), None)

    def domain(self, name):
        return self.connection.lookupByName(name)

    def uri(self):
        return self.connection.getURI()

    def list(self):
        return [domain.name() for domain in self.connection.listAllDomains()]

    def define(self, xml):
        self.connection.defineXML(xml)

    def start_paused(self, name):
        self.domain(name).createWithFlags(self.libvirt.VIR_DOMAIN_START_PAUSED)

    def state(self, name):
        return STATES[self.domain(name).state()[0]]

    def xml(self, name):
        return self.domain(name).XMLDesc()

    def destroy(self, name):
        self.domain(name).destroy()

    def undefine(self, name):
        self.domain(name).undefine()

    def events(self, seconds):
        timer = self.libvirt.virEventAddTimeout(int(seconds * 1000), lambda *_: None, None)
        self.libvirt.virEventRunDefaultImpl()
        self.libvirt.virEventRemoveTimeout(timer)
        seen, self.seen = self.seen, []
        return seen

    def close(self):
        self.connection.close()


class GoLibvirt:
    def __init__(self, program, socket):
        self.client = go_libvirt.GoLibvirt(program, socket)
        self.close = self.client.close

    def uri(self):
        return self.client.ask("uri")

    def list(self):
        return self.client.ask("list").split()

    def define(self, xml):
        self.client.ask("define", xml)

    def start_paused(self, name):
        self.client.ask("start-paused", name)

    def state(self, name):
        return STATES[int(self.client.ask("state", name).split()[0])]

    def xml(self, name):
        return self.client.ask("xml", name)

    def destroy(self, name):
        self.client.ask("destroy", name)

    def undefine(self, name):
        self.client.ask("undefine", name)

    def events(self, seconds):
        event = self.client.next_event(seconds)
        return [(event[0], LIFECYCLE[event[1]])] if event else []


def domain_xml(name, kernel, title=""):
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, name)
    return f"""<domain type='kvm'><name>{name}</name><uuid>{identity}</uuid><title>{title}</title><memory unit='MiB'>128</memory><vcpu>2</vcpu>
      <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel><cmdline>console=ttyS0</cmdline></os>
      <devices><serial type='pty'/><console type='pty'/></devices>
      <launchSecurity type='sev'><policy>0x0005</policy></launchSecurity></domain>"""


class StockClients(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        self.addCleanup(shutil.rmtree, self.root)
        self.kernel = tiny_kernel.write(os.path.join(self.root, "kernel"))
        self.daemon = daemon_process.Daemon(self.root)
        self.addCleanup(self.daemon.end)
        self.addCleanup(self.daemon.destroy_guests)

    def await_events(self, client, wanted):
        """What the client hears of "guest" has to be this, in this order."""
        heard, end = [], time.monotonic() + PATIENCE
        while len(heard) < len(wanted) and time.monotonic() < end:
            heard += [event for name, event in client.events(end - time.monotonic()) if name == "guest"]
        self.assertEqual(wanted, heard)

    def does_it_all(self, client):
        self.addCleanup(client.close)
        # No client says when it is registered for events: a second domain is defined again until one comes.
        end, heard = time.monotonic() + PATIENCE, []
        while not heard:
            self.assertLess(time.monotonic(), end, "no event comes")
            self.daemon.define_text(domain_xml("other", self.kernel))
            heard = client.events(0.2)
        self.assertRegex(client.uri(), "^sev(.unix)?:///system")
        client.define(domain_xml("guest", self.kernel, "A title"))
        self.assertEqual(["guest", "other"], sorted(client.list()))
        self.assertEqual("shut off", client.state("guest"))
        client.start_paused("guest")
        self.assertEqual("paused", client.state("guest"))
        xml = client.xml("guest")
        self.assertRegex(xml, "<domain type='kvm' id='1'>")
        self.assertIn("<title>A title</title>", xml)
        self.assertIn("<launchSecurity type='sev'", xml)
        client.destroy("guest")
        self.assertEqual("shut off", client.state("guest"))
        client.undefine("guest")
        self.assertEqual(["other"], client.list())
        self.await_events(client, ["Defined", "Started", "Suspended", "Shutdown", "Stopped", "Undefined"])

    def test_installed_virsh(self):
        self.does_it_all(Virsh("virsh", self.daemon.uri(), self.root))

    def test_virsh_of_the_other_suite(self):
        command, reason = unpacked_virsh.find(SUITE, os.path.join(BUILD, "virsh-of-backports"))
        if reason:
            self.skipTest(reason)
        self.does_it_all(Virsh(command, self.daemon.uri(), self.root))

    def test_libvirt_python(self):
        try:
            client = LibvirtPython(self.daemon.uri())
        except ImportError:
            self.skipTest("python3-libvirt is not installed")
        self.does_it_all(client)

    def test_go_libvirt(self):
        if go_libvirt.why_not():
            self.skipTest(go_libvirt.why_not())
        self.does_it_all(GoLibvirt(go_libvirt.build(BUILD), f"{self.root}/run/virtsevd-sock"))


if __name__ == "__main__":
    if daemon_process.why_not():
        print("skipped:", daemon_process.why_not())
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], "--verbose"])
