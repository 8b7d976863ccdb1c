#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock libvirt clients against the RPC server and its procedures, with a driver without guests behind them: virsh, libvirt-python, and
go-libvirt where it is installed.

usage: test_stock_clients.py RPC_TEST_SERVER"""

import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SERVER = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
PATIENCE = 30

try:
    import libvirt
except ImportError:
    libvirt = None


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        self.seen = ""

    def has_come(self, text):
        """Without waiting."""
        while select.select([self.fd], [], [], 0)[0]:
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        return text in self.seen

    def expect(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                data = os.read(self.fd, 4096) if ready else b""
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"{text!r} did not come: {self.seen!r}")
            self.seen += data.decode(errors="replace")
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.fd, text.encode())

    def status(self):
        """Waits for its end; the rest of its output is in `seen`."""
        try:
            while data := os.read(self.fd, 4096):
                self.seen += data.decode(errors="replace")
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class StockClients(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsev-rpc.")
        self.addCleanup(shutil.rmtree, self.root)
        self.socket = os.path.join(self.root, "sock")
        self.read_only_socket = os.path.join(self.root, "sock-ro")
        self.uri = f"sev+unix:///system?socket={self.socket}"
        self.server = subprocess.Popen([SERVER, self.socket, self.read_only_socket], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_server)
        self.assertEqual(self.server.stdout.readline(), "ready\n")

    def end_server(self):
        self.server.send_signal(signal.SIGTERM)
        status = self.server.wait(PATIENCE)
        self.server.stdout.close()
        self.assertEqual(status, 0)

    def virsh(self, *command, fails=False, options=(), uri=None):
        done = subprocess.run(["virsh", *options, "-c", uri or self.uri, *command], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stderr if fails else done.stdout


class Virsh(StockClients):
    def test_lists_and_lives(self):
        self.assertRegex(self.virsh("list", "--all"), r"-\s+alpha\s+shut off\n\s+-\s+beta\s+shut off")
        self.virsh("start", "alpha")
        self.assertRegex(self.virsh("list"), r"1\s+alpha\s+running")
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "running (booted)")
        self.virsh("suspend", "alpha")
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "paused (user)")
        self.virsh("resume", "alpha")
        self.virsh("reboot", "alpha")
        self.virsh("reset", "alpha")
        self.virsh("shutdown", "alpha")
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "shut off (shutdown)")
        self.virsh("start", "beta", "--paused")
        self.assertEqual(self.virsh("domid", "beta").strip(), "2")
        self.virsh("destroy", "beta", "--graceful")
        self.virsh("domrename", "beta", "gamma")
        self.virsh("undefine", "gamma")
        self.assertNotIn("gamma", self.virsh("list", "--all"))

    def test_defines_and_reads_back(self):
        path = os.path.join(self.root, "guest.xml")
        xml = "<domain type='kvm'><name>guest</name></domain>\n"
        with open(path, "w") as file:
            file.write(xml)
        self.virsh("define", path)
        self.assertEqual(self.virsh("dumpxml", "guest").strip(), xml.strip())
        self.virsh("define", "--validate", path)
        self.virsh("autostart", "guest")
        self.virsh("desc", "guest", "--title", "A title")
        self.assertIn("A title", self.virsh("list", "--all", "--title"))
        self.assertRegex(self.virsh("list", "--all", "--autostart"), r"guest")
        self.assertEqual(self.virsh("domuuid", "guest").strip(), "03030303-0303-0303-0303-030303030303")
        info = self.virsh("dominfo", "guest")
        for line in (r"OS Type:\s+hvm", r"State:\s+shut off", r"CPU\(s\):\s+2", r"Max memory:\s+524288 KiB", r"Used memory:\s+262144 KiB",
                     r"Persistent:\s+yes", r"Autostart:\s+enable", r"Managed save:\s+no", r"Messages:\s+tainted: "):
            self.assertRegex(info, line)

    def test_looks_at_domains(self):
        self.virsh("start", "alpha")
        self.assertIn("vcpu.current=2", self.virsh("domstats", "alpha"))
        self.assertEqual(self.virsh("domstats").count("Domain: "), 2)
        self.assertRegex(self.virsh("vcpuinfo", "alpha"), r"CPU time:\s+0\.5s\nCPU Affinity:\s+yyyy")
        self.assertRegex(self.virsh("vcpucount", "alpha"), r"current\s+live\s+2")
        self.assertIn("rss 12345", self.virsh("dommemstat", "alpha"))
        self.assertEqual(self.virsh("domcontrol", "alpha").strip(), "ok")
        self.assertEqual(self.virsh("snapshot-list", "alpha").count("\n"), 3)

    def test_looks_at_the_host(self):
        self.assertRegex(self.virsh("nodeinfo"), r"CPU\(s\):\s+4\n(.*\n)*Memory size:\s+8192 KiB")
        self.assertRegex(self.virsh("nodesevinfo"), r"pdh\s+: cGRo\ncert-chain\s+: Y2hhaW4=\ncbitpos\s+: 51\n")
        self.assertRegex(self.virsh("nodecpumap"), r"CPU map:\s+yyyy")
        self.assertEqual(self.virsh("hostname").strip(), "fake.example")
        self.assertEqual(self.virsh("maxvcpus").strip(), "64")
        self.assertIn("<domainCapabilities>", self.virsh("domcapabilities"))
        self.assertIn("<capabilities>", self.virsh("capabilities"))
        self.assertRegex(self.virsh("version", "--daemon"), r"Using API: SEV .*\nRunning hypervisor: SEV \d+\.\d+\.\d+\n")
        self.assertRegex(self.virsh("freecell"), r"Total: \d+ KiB")
        for empty in ("net-list", "pool-list", "iface-list", "nodedev-list", "nwfilter-list", "secret-list"):
            self.virsh(empty, "--all") if empty in ("net-list", "pool-list", "iface-list") else self.virsh(empty)

    def test_attests(self):
        self.virsh("start", "alpha", "--paused")
        self.assertRegex(self.virsh("domlaunchsecinfo", "alpha"), r"sev-measurement: bWVhc3VyZW1lbnQ=\nsev-api-major\s*: 1\n")
        for name in ("header", "secret"):
            with open(os.path.join(self.root, name), "w") as file:
                file.write("YWJj\n")
        secret = ["domsetlaunchsecstate", "alpha", "--secrethdr", self.root + "/header", "--secret", self.root + "/secret"]
        self.virsh(*secret, "--set-address", "4096")
        self.virsh("resume", "alpha")
        self.assertIn("paused", self.virsh(*secret, fails=True))

    def test_says_what_is_not_supported(self):
        self.virsh("start", "alpha")
        self.assertIn("can't be saved", self.virsh("save", "alpha", "/nowhere", fails=True))
        self.assertIn("virsh edit", self.virsh("setmem", "alpha", "100000", fails=True))
        self.assertIn("virsh edit", self.virsh("setvcpus", "alpha", "3", fails=True))
        self.assertIn("not supported by the connection driver", self.virsh("sysinfo", fails=True))
        self.assertIn("not supported by the connection driver", self.virsh("qemu-monitor-command", "alpha", "x", fails=True))
        self.assertIn("failed to get domain 'nobody'", self.virsh("domstate", "nobody", fails=True))

    def test_read_only_changes_nothing(self):
        uri = f"sev+unix:///system?socket={self.read_only_socket}"
        self.assertIn("alpha", self.virsh("list", "--all", options=["-r"], uri=uri))
        for command in (["start", "alpha"], ["undefine", "alpha"], ["nodesevinfo"], ["dumpxml", "--security-info", "alpha"]):
            self.virsh(*command, options=["-r"], uri=uri, fails=True)
        # A client that does not hold itself back is held back by the server.
        self.assertIn("forbidden for read only access", self.virsh("start", "alpha", uri=uri, fails=True))
        self.assertIn("shut off", self.virsh("domstate", "alpha"))

    def test_refuses_foreign_uris(self):
        for uri, message in (("qemu+unix:///system", "no connection driver available for qemu:///system"),
                             ("sev+unix:///elsewhere", "sev:///system or sev:///session")):
            self.assertIn(message, self.virsh("list", uri=f"{uri}?socket={self.socket}", fails=True))
        self.virsh("list", uri=f"sev+unix:///session?socket={self.socket}")

    def test_sees_events(self):
        events = Terminal("virsh", "-c", self.uri, "event", "--all", "--loop", "--timeout", str(PATIENCE))
        # Nothing tells that virsh has registered: a domain is changed until the first event comes.
        while not events.has_come("event 'metadata-change' for domain 'beta'"):
            self.virsh("desc", "beta", "--title", "x")
        for command in ("start", "suspend", "resume", "reboot", "destroy", "undefine"):
            self.virsh(command, "alpha")
        for event in ("'lifecycle' for domain 'alpha': Started Booted", "'lifecycle' for domain 'alpha': Suspended Paused",
                      "'lifecycle' for domain 'alpha': Resumed Unpaused", "'reboot' for domain 'alpha'",
                      "'lifecycle' for domain 'alpha': Stopped Destroyed", "'lifecycle' for domain 'alpha': Undefined Removed"):
            events.expect("event " + event)
        os.kill(events.pid, signal.SIGTERM)
        events.status()

    def test_has_a_console(self):
        console = Terminal("virsh", "-c", self.uri, "start", "alpha", "--console")
        console.expect("fake guest: console ready")
        console.type("hello\r")
        console.expect("you said: hello")
        # Another client gets in by force alone.
        second = Terminal("virsh", "-c", self.uri, "console", "alpha")
        second.expect("Active console session exists for this domain")
        self.assertNotEqual(second.status(), 0)
        third = Terminal("virsh", "-c", self.uri, "console", "alpha", "--force")
        third.expect("Escape character")
        console.expect("another client has taken this console over")
        console.status()
        third.type("still you?\r")
        third.expect("you said: still you?")
        third.type("\x1d")
        self.assertEqual(third.status(), 0)
        self.assertIn("running", self.virsh("domstate", "alpha"))
        # The guest's end is the console's.
        last = Terminal("virsh", "-c", self.uri, "console", "alpha", "serial0")
        last.expect("Escape character")
        last.type("poweroff\r")
        self.assertEqual(last.status(), 0)
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "shut off (crashed)")

    def test_carries_much_over_the_console(self):
        console = Terminal("virsh", "-c", self.uri, "start", "alpha", "--console")
        console.expect("console ready")
        for number in range(500):
            console.type(f"line {number} " + "x" * 200 + "\r")
            console.expect(f"you said: line {number} " + "x" * 200)
        console.type("\x1d")
        self.assertEqual(console.status(), 0)

    def test_autodestroy_ends_with_the_connection(self):
        shell = Terminal("virsh", "-c", self.uri)
        shell.expect("virsh #")
        shell.type("start alpha --autodestroy\r")
        shell.expect("started")
        self.assertIn("running", self.virsh("domstate", "alpha"))
        os.kill(shell.pid, signal.SIGKILL)
        shell.status()
        end = time.monotonic() + PATIENCE
        while "shut off" not in self.virsh("domstate", "alpha"):
            self.assertLess(time.monotonic(), end)

    def test_keepalive_holds_an_idle_connection(self):
        # virsh pings once a second, and gives up after one ping without an answer.
        events = Terminal("virsh", "-k", "1", "-K", "1", "-c", self.uri, "event", "--event", "reboot", "--timeout", "3")
        events.expect("event loop timed out")
        events.status()
        self.assertNotIn("isconnected", events.seen)

    def test_fifty_at_once(self):
        running = [subprocess.Popen(["virsh", "-c", self.uri, "list", "--all"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                   for _ in range(50)]
        for process in running:
            output = process.communicate(timeout=PATIENCE)[0]
            self.assertEqual(process.returncode, 0, output)
            self.assertIn("alpha", output)


@unittest.skipIf(libvirt is None, "python3-libvirt is not installed")
class Python(StockClients):
    def test_without_an_event_loop(self):
        with libvirt.open(self.uri) as connection:
            self.assertEqual([domain.name() for domain in connection.listAllDomains()], ["alpha", "beta"])
            self.assertEqual(connection.isEncrypted(), 0)
            self.assertEqual(connection.isSecure(), 1)
            self.assertEqual(connection.getType(), "SEV")
            self.assertEqual(connection.getInfo()[0], "x86_64")
            self.assertEqual(connection.getSEVInfo()["cbitpos"], 51)
            domain = connection.lookupByName("alpha")
            domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
            self.assertEqual(domain.launchSecurityInfo()["sev-policy"], 5)
            domain.setLaunchSecurityState({"sev-secret-header": "aA==", "sev-secret": "cw=="})
            self.assertEqual(domain.info(), [libvirt.VIR_DOMAIN_PAUSED, 524288, 262144, 2, 1500000000])
            self.assertEqual(connection.listDomainsID(), [domain.ID()])
            self.assertEqual(connection.listDefinedDomains(), ["beta"])
            self.assertEqual(connection.getAllDomainStats()[0][1]["vcpu.current"], 2)
            with self.assertRaises(libvirt.libvirtError) as failure:
                connection.lookupByUUIDString("00000000-0000-0000-0000-000000000000")
            self.assertEqual(failure.exception.get_error_code(), libvirt.VIR_ERR_NO_DOMAIN)
            with self.assertRaises(libvirt.libvirtError) as failure:
                domain.managedSave()
            self.assertEqual(failure.exception.get_error_code(), libvirt.VIR_ERR_NO_SUPPORT)
            with self.assertRaises(libvirt.libvirtError) as failure:
                connection.getSysinfo()
            self.assertEqual(failure.exception.get_error_code(), libvirt.VIR_ERR_NO_SUPPORT)

    def test_a_console_without_an_event_loop(self):
        with libvirt.open(self.uri) as connection:
            domain = connection.lookupByName("alpha")
            domain.create()
            stream = connection.newStream()
            domain.openConsole(None, stream)
            seen = b""
            while b"console ready\r\n" not in seen:
                seen += stream.recv(4096)
            stream.send(b"from python\r")
            while b"you said: from python\r\n" not in seen:
                seen += stream.recv(4096)
            stream.send(b"poweroff\r")
            self.assertEqual(stream.recv(4096), b"")
            stream.finish()

    def test_events_and_pings_with_an_event_loop(self):
        libvirt.virEventRegisterDefaultImpl()
        connection = libvirt.open(self.uri)
        connection.setKeepAlive(1, 3)
        seen = []

        def on_event(_, domain, event, detail, name):
            seen.append((name, domain.name(), event, detail))

        beta = connection.lookupByName("beta")
        every = connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, "every")
        connection.domainEventRegisterAny(beta, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, "beta's")
        done = threading.Event()

        def change():
            for name in ("alpha", "beta"):
                self.virsh("start", name)
            done.set()

        worker = threading.Thread(target=change)
        worker.start()
        end = time.monotonic() + PATIENCE
        libvirt.virEventAddTimeout(100, lambda *_: None, None)  # so that the loop turns
        while (len(seen) < 3 or not done.is_set()) and time.monotonic() < end:
            libvirt.virEventRunDefaultImpl()
        worker.join()
        self.assertEqual(seen, [("every", "alpha", 2, 0), ("every", "beta", 2, 0), ("beta's", "beta", 2, 0)])
        connection.domainEventDeregisterAny(every)
        self.assertEqual(connection.isAlive(), 1)
        connection.close()


class Go(StockClients):
    def test_go_libvirt(self):
        source = "/usr/share/gocode/src/github.com/digitalocean/go-libvirt"
        if shutil.which("go") is None or not os.path.isdir(source):
            self.skipTest("go-libvirt is not installed (golang-go, golang-github-digitalocean-go-libvirt-dev)")
        environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", CGO_ENABLED="0",
                           GOCACHE=os.environ.get("GOCACHE", os.path.join(self.root, "go-cache")))
        done = subprocess.run(["go", "run", os.path.join(HERE, "go_client.go"), self.socket], env=environment, capture_output=True,
                              text=True, timeout=300, cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "alpha -1\nbeta -1\nevent alpha 2\nrunning\nrefused: 55\n")


class Raw(StockClients):
    """What no library sends."""

    def talk(self, data):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(self.socket)
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                answer = b""
                while part := client.recv(65536):
                    answer += part
                return answer
            except (BrokenPipeError, ConnectionResetError):
                return b""

    def test_garbage_ends_its_own_connection(self):
        for data in (b"", b"\0", b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 1000, struct.pack(">I", 33554437),
                     os.urandom(10000)):
            self.talk(data)
        self.assertIn("alpha", self.virsh("list", "--all"))

    def test_a_client_that_never_reads(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket)
            client.setblocking(False)
            authentication = struct.pack(">7I", 28, 0x20008086, 1, 66, 0, 0, 0)
            with self.assertRaises(BlockingIOError):
                for _ in range(1000000):
                    client.sendall(authentication * 100)
            with open(f"/proc/{self.server.pid}/status") as status:
                resident = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])
            self.assertLess(resident, 200000)
            self.assertIn("alpha", self.virsh("list", "--all"))


if __name__ == "__main__":
    if shutil.which("virsh") is None:
        print("skipped: virsh is not installed")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1], verbosity=2)
