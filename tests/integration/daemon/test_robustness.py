#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real virtsevd that is sent what no client sends: random packets, mutated calls, broken documents, clients that stop in the middle.
It has to live, answer whoever asks properly, and give back memory and descriptors. The same seed each time, so that a failure can be seen
again.

usage: test_robustness.py VIRTSEVD"""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

VIRTSEVD = sys.argv[1]
PATIENCE = 300  # Finds what hangs; a machine under load, or an emulated one, does not
REMOTE, KEEPALIVE = 0x20008086, 0x6B656570
CALL, REPLY, MESSAGE, STREAM, CALL_WITH_FDS = 0, 1, 2, 3, 4
OPEN, LOOKUP, HOSTNAME, SUPPORTS_FEATURE, AUTH_LIST = 1, 23, 59, 60, 66
# Other calls, by the functions that make them.
OF_A_DOMAIN = {"virDomainCreate": 9, "virDomainDestroy": 12, "virDomainGetXMLDesc": 14, "virDomainGetInfo": 16,
    "virDomainGetVcpus": 20, "virDomainResume": 28, "virDomainShutdown": 33, "virDomainSuspend": 34, "virDomainIsActive": 150,
    "virDomainMemoryStats": 159, "virDomainHasManagedSaveImage": 183, "virDomainCreateWithFlags": 196, "virDomainGetState": 212,
    "virDomainReset": 245, "virDomainGetMetadata": 265, "virDomainListAllSnapshots": 274, "virDomainGetLaunchSecurityInfo": 396,
    "virDomainGetMessages": 426, "virDomainSetLaunchSecurityState": 439}
OF_THE_HOST = {"virConnectGetMaxVcpus": 5, "virNodeGetInfo": 6, "virConnectGetCapabilities": 7, "virConnectSupportsFeature": 60,
    "AUTH_LIST": 66, "virNodeGetCellsFreeMemory": 101, "virNodeGetFreeMemory": 102, "virConnectListAllDomains": 273,
    "virConnectListAllStoragePools": 281, "virNodeGetCPUMap": 293, "virConnectDomainEventRegisterAny": 316,
    "virConnectDomainEventDeregisterAny": 317, "virConnectGetDomainCapabilities": 342, "virNodeGetSEVInfo": 395,
    "virConnectSetIdentity": 419, "nobody has this number": 999}
KEEPALIVE_FEATURE = 10  # VIR_DRV_FEATURE_PROGRAM_KEEPALIVE
OPEN_CONSOLE, UNDEFINE_FLAGS, LIST_ALL, STATISTICS, DEFINE_FLAGS, SEV_INFO = 201, 231, 273, 344, 350, 395
MIB = 1 << 20

DOCUMENT = """<domain type='kvm'>
  <name>robust</name><uuid>6a1f6a5e-53c5-4c4e-9c9f-6f2f0c1d2e3f</uuid>
  <title>a title</title><description>some &lt;words&gt;</description>
  <metadata><app:settings xmlns:app='http://example.org/app'><app:key>value</app:key></app:settings></metadata>
  <memory unit='MiB'>256</memory><currentMemory unit='MiB'>256</currentMemory><vcpu placement='static'>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>/boot/vmlinuz</kernel><initrd>/boot/initrd</initrd>
    <cmdline>console=ttyS0 root=/dev/vda</cmdline></os>
  <features><acpi/><apic/></features><clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices><serial type='pty'/><console type='pty'/></devices>
  <launchSecurity type='sev'><policy>0x0001</policy></launchSecurity>
</domain>"""


def text(value):
    return struct.pack(">I", len(value)) + value + bytes(-len(value) % 4)


def packet(procedure, payload=b"", serial=0, kind=CALL, program=REMOTE, version=1, status=0):
    header = struct.pack(">IIiIII", program, version, procedure, kind, serial, status)
    return struct.pack(">I", 4 + len(header) + len(payload)) + header + payload


class Client:
    def __init__(self, path, opened=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        if opened:
            self.call(AUTH_LIST)
            self.call(OPEN, struct.pack(">I", 1) + text(b"sev:///system") + struct.pack(">I", 0))

    def read(self, size):
        parts = bytearray()
        while len(parts) < size:
            part = self.socket.recv(size - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def receive(self):
        """serial, status and payload of the next reply; events and pings pass by."""
        while True:
            (length,) = struct.unpack(">I", self.read(4))
            body = self.read(length - 4)
            _, _, _, kind, serial, status = struct.unpack(">IIiIII", body[:24])
            if kind == REPLY:
                return serial, status, body[24:]

    def call(self, procedure, payload=b""):
        self.socket.sendall(packet(procedure, payload))
        _, status, answer = self.receive()
        return status, answer

    def send(self, data):
        """False where the daemon has ended the connection, or does not take it."""
        try:
            self.socket.settimeout(0.2)
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def close(self):
        """Returns once the daemon has closed its side, too."""
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.shutdown(socket.SHUT_WR)
            while self.socket.recv(MIB):
                pass
        except OSError:
            pass
        self.socket.close()


NUMBERS = [struct.pack(">I", number) for number in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, MIB)]
MARKUP = [b"<", b">", b"</", b"/>", b"&", b"&lt;", b"&#0;", b"&#x41;", b"'", b'"', b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?x ?>", b"-1",
          b"99999999999999999999", b"0x", b"xmlns='y'", b"<vcpu>3</vcpu>", b"<devices>", b"\xc3\xa4", b"\xff", b"\n"]


def mutated(source, data, words):
    """One of what goes wrong on a wire, or in an editor."""
    data = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 5))):
        at = source.randrange(len(data) + 1)
        what = source.randrange(6)
        if what == 0 and at < len(data):
            data[at] ^= 1 << source.randrange(8 if words is NUMBERS else 7)
        elif what == 1:
            del data[at:at + source.choice((1, 4, 40))]
        elif what == 2:
            data[at:at] = source.choice(words)
        elif what == 3:
            end = at + source.randrange(100)
            data[at:at] = data[at:end]
        elif what == 4:
            word = source.choice(words)
            data[at:at + len(word)] = word
        else:
            del data[at:]
    return bytes(data)


def monstrous_documents():
    """Well below the longest document, and hard on a parser."""
    yield b""
    yield b"\0" * 1000
    yield b"<" * 100000
    yield b"<a>" * 100000
    yield b"<domain " + b" ".join(b"a%d='x'" % i for i in range(20000)) + b"/>"
    yield b"<domain type='kvm'><name>" + b"x" * 500000 + b"</name></domain>"
    bomb = "".join(f"<!ENTITY e{i} '{('&e%d;' % (i - 1)) * 10}'>" for i in range(1, 10))
    yield f"<!DOCTYPE domain [<!ENTITY e0 'x'>{bomb}]><domain type='kvm'><name>&e9;</name></domain>".encode()
    yield b"<!DOCTYPE domain [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><domain type='kvm'><name>&f;</name></domain>"
    yield DOCUMENT.replace("<vcpu", "<vcpu>99999999999999999999</vcpu><vcpu").encode()
    yield DOCUMENT.encode("utf-16")


class Robustness(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="virtsevd-")
        notify = os.path.join(cls.root, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(notify)
            listener.settimeout(PATIENCE)
            cls.log = open(os.path.join(cls.root, "daemon.log"), "w+")
            cls.process = subprocess.Popen([VIRTSEVD, "--root", cls.root, "--platform", "simulated"], stderr=cls.log,
                                           env=dict(os.environ, NOTIFY_SOCKET=notify))
            assert b"READY=1" in listener.recv(4096)
        cls.path = os.path.join(cls.root, "run/virtsevd-sock")
        sanitized = b"__asan_init" in pathlib.Path(VIRTSEVD).read_bytes()
        # The address sanitizer keeps what was freed for a while.
        cls.most_growth = (1024 if sanitized else 64) * MIB

    @classmethod
    def tearDownClass(cls):
        cls.process.send_signal(signal.SIGTERM)
        status = cls.process.wait(PATIENCE)
        cls.log.close()
        shutil.rmtree(cls.root)
        assert status == 0, f"virtsevd ended with {status}"

    def setUp(self):
        self.source = random.Random(20261126)
        # Whatever is made once, at first use, is there before it is counted.
        self.assert_well()
        self.before = self.descriptors(), self.resident()

    def tearDown(self):
        self.assert_well()
        descriptors, resident = self.before
        self.assertEqual(descriptors, self.descriptors(), "descriptors are left behind")
        self.assertLess(self.resident() - resident, self.most_growth, "memory is left behind")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"^VmRSS:\s+(\d+) kB$", status.read(), re.M).group(1)) * 1024

    def assert_well(self):
        self.assertIsNone(self.process.poll(), "virtsevd has ended")
        for suffix in ("", "-ro"):
            client = Client(self.path + suffix)
            status, answer = client.call(HOSTNAME)
            self.assertEqual(0, status)
            self.assertIn(socket.gethostname().encode(), answer)
            if not suffix:
                # A question to the platform that a client did not wait for ends before this one.
                self.assertEqual(0, client.call(SEV_INFO, struct.pack(">II", 0, 4))[0])
            client.close()

    def calls(self):
        """Proper calls to begin with."""
        domain = text(b"robust") + bytes(16) + struct.pack(">i", -1)
        yield packet(OPEN, struct.pack(">I", 1) + text(b"sev:///system") + bytes(4))
        yield packet(LOOKUP, text(b"robust"))
        yield packet(STATISTICS, struct.pack(">I", 1) + domain + bytes(8))
        yield packet(DEFINE_FLAGS, text(DOCUMENT.encode()[:300]) + bytes(4))
        yield packet(1, kind=MESSAGE, program=KEEPALIVE)
        yield packet(OPEN_CONSOLE, b"\0\0\0\1" + text(b"serial0") + bytes(4), kind=STREAM, status=2)
        yield packet(HOSTNAME, struct.pack(">I", 1), kind=CALL_WITH_FDS) + b"\0"
        for procedure in OF_A_DOMAIN.values():
            yield packet(procedure, domain + bytes(4))
        for procedure in OF_THE_HOST.values():
            yield packet(procedure, bytes(16))

    def test_mutated_calls_on_both_sockets(self):
        proper = list(self.calls())
        for suffix in ("", "-ro"):
            client = None
            for i in range(4000):
                client = client or Client(self.path + suffix, opened=i % 3 != 0)
                if not client.send(mutated(self.source, self.source.choice(proper), NUMBERS)) or self.source.randrange(20) == 0:
                    client.close()
                    client = None
            if client:
                client.close()

    def test_random_bytes_on_both_sockets(self):
        for suffix in ("", "-ro"):
            for i in range(500):
                client = Client(self.path + suffix, opened=i % 2 == 0)
                data = self.source.randbytes(self.source.randrange(1, 400))
                client.send(data if i % 3 else struct.pack(">I", len(data) + 4) + data)
                client.close()

    def test_descriptors_that_nobody_asked_for(self):
        client = Client(self.path)
        for _ in range(50):
            socket.send_fds(client.socket, [packet(HOSTNAME)], [self.log.fileno()] * 20)
            self.assertEqual(0, client.receive()[1])
        carrying = packet(HOSTNAME, struct.pack(">I", 3), kind=CALL_WITH_FDS)
        client.socket.sendall(carrying)
        for _ in range(3):
            socket.send_fds(client.socket, [b"\0"], [self.log.fileno()])
        self.assertEqual(0, client.receive()[1])
        self.assertEqual(self.before[0] + 1, self.descriptors())
        client.close()

    def test_many_long_messages_that_never_end(self):
        clients = []
        for i in range(100):
            client = Client(self.path + "-ro")
            # at most a MiB, of which all but the last byte comes.
            client.send(struct.pack(">I", MIB) + packet(HOSTNAME)[4:] + bytes(MIB - 28 - 1))
            clients.append(client)
        self.assertLess(self.resident() - self.before[1], max(self.most_growth, 200 * MIB))
        writer = Client(self.path)
        self.assertEqual(0, writer.call(HOSTNAME)[0], "readers must not keep others out")
        writer.close()
        for client in clients:
            client.close()

    def test_clients_that_never_read(self):
        ping = packet(1, kind=MESSAGE, program=KEEPALIVE)
        clients = [Client(self.path + "-ro") for _ in range(5)]
        for client in clients:
            while client.send(ping * 500):
                pass
        for client in clients:
            client.close()

    def test_reload_counts_for_clients_that_connect_after_it(self):
        before = Client(self.path)
        with open(os.path.join(self.root, "etc/virtsevd.conf"), "w") as file:
            file.write("keepalive_interval = 1\nkeepalive_count = 0\n")
        self.process.send_signal(signal.SIGHUP)
        after = Client(self.path)
        self.assertEqual(0, after.call(SUPPORTS_FEATURE, struct.pack(">I", KEEPALIVE_FEATURE))[0])
        # Silent for one interval of one second, says the file; the defaults are five, and six of them: 30 s.
        after.socket.settimeout(25)
        self.assertEqual(b"", after.socket.recv(1))
        after.socket.close()
        self.assertEqual(0, before.call(HOSTNAME)[0])
        before.close()

    def test_ten_thousand_broken_documents(self):
        documents = list(monstrous_documents())
        proper = DOCUMENT.encode()
        documents += [mutated(self.source, proper, MARKUP) for _ in range(10000 - len(documents))]
        clients = [Client(self.path) for _ in range(2)]
        cleaner = Client(self.path)
        at_once = 5
        taken = 0
        while documents:
            batches = []
            for client in clients:
                batch, documents = documents[:at_once], documents[at_once:]
                flags = int(len(documents) % 100 < at_once)  # now and then with the schema
                client.socket.sendall(b"".join(packet(DEFINE_FLAGS, text(document) + struct.pack(">I", flags))
                                               for document in batch))
                batches.append((client, batch))
            for client, batch in batches:
                for _ in batch:
                    _, status, answer = client.receive()
                    if status == 0:
                        taken += 1
                        cleaner.call(UNDEFINE_FLAGS, answer + bytes(4))
        self.assertLess(taken, 5000, "most of them are broken")
        status, answer = cleaner.call(LIST_ALL, struct.pack(">II", 1, 0))
        self.assertEqual((0, 0), (status, struct.unpack(">I", answer[:4])[0]))
        for client in (*clients, cleaner):
            client.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
