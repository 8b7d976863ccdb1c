# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirtd of a host with QEMU, as far as attestation asks it: its answers are recorded, what it is told to do is written down.
libvirt's RPC protocol: XDR, big endian; a length, six words of header, the payload."""

import os
import re
import socket
import struct
import threading

PROGRAM = 0x20008086
RUNNING, PAUSED, SHUTOFF = 1, 3, 5
BY_USER, ON_IO_ERROR = 1, 5


def text(value):
    raw = value.encode()
    return struct.pack(">I", len(raw)) + raw + bytes(-len(raw) % 4)


def parameters(values):
    """Typed parameters: strings and unsigned numbers."""
    out = struct.pack(">I", len(values))
    for field, value in values.items():
        out += text(field) + (struct.pack(">i", 7) + text(value) if isinstance(value, str) else struct.pack(">iI", 2, value))
    return out


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        piece, self.data = self.data[:count], self.data[count + -count % 4:]
        return piece

    def word(self):
        return struct.unpack(">I", self.take(4))[0]

    def text(self):
        return self.take(self.word()).decode()

    def parameters(self):
        values = {}
        for _ in range(self.word()):
            field, kind = self.text(), self.word()
            assert kind == 7, (field, kind)
            values[field] = self.text()
        return values


class Refusal(Exception):
    """An error of libvirt's: its code and text."""


class RecordedLibvirtd:
    """One domain. Tests set what it answers, and read `done`: what it was told, in order."""

    def __init__(self, path):
        self.name, self.uuid = "guest", bytes(range(16))
        self.state = (SHUTOFF, 0)
        self.vcpu_nanoseconds = [3_000_000, 2_000_000]
        self.node_sev_info, self.launch_info = {}, {}
        self.secret_refusal = None
        self.done, self.secrets = [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.procedures = {
            66: lambda _: struct.pack(">Ii", 1, 0),   # AUTH_LIST: none
            60: lambda arguments: struct.pack(">i", arguments.word() == 9),  # CONNECT_SUPPORTS_FEATURE: strings in parameters
            1: lambda _: b"", 2: lambda _: b"",       # CONNECT_OPEN, CONNECT_CLOSE
            395: lambda _: parameters(self.node_sev_info) + struct.pack(">i", len(self.node_sev_info)),
            23: self.lookup_by_name, 24: self.lookup_by_uuid,
            212: lambda _: struct.pack(">ii", *self.state),
            20: lambda _: self.vcpus(),
            196: self.create,
            396: lambda _: parameters(self.launch_info),
            439: self.set_launch_state,
            28: lambda _: self.change("resume", (RUNNING, 5)),
            12: lambda _: self.change("destroy", (SHUTOFF, 2)),
        }
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rb") as stream:
            while head := stream.read(28):
                length, program, version, procedure, _, serial, _ = struct.unpack(">IIIiiIi", head)
                payload = stream.read(length - 28)
                assert program == PROGRAM
                status, answer = self.answer(procedure, payload)
                client.sendall(struct.pack(">IIIiiIi", 28 + len(answer), program, version, procedure, 1, serial, status) + answer)

    def answer(self, procedure, payload):
        try:
            if procedure not in self.procedures:
                raise Refusal(39, f"unknown procedure: {procedure}")
            return 0, self.procedures[procedure](Reader(payload))
        except Refusal as refusal:
            code, words = refusal.args
            return 1, struct.pack(">iiI", code, 10 if code != 39 else 7, 1) + text(words) + struct.pack(">iIIIIiiI", 2, 0, 0, 0, 0, 0, 0, 0)

    def handle(self):
        return text(self.name) + self.uuid + struct.pack(">i", 1 if self.state[0] != SHUTOFF else -1)

    def lookup_by_name(self, arguments):
        name = arguments.text()
        if name != self.name:
            raise Refusal(42, f"Domain not found: no domain with matching name '{name}'")
        return self.handle()

    def lookup_by_uuid(self, arguments):
        if arguments.take(16) != self.uuid:
            raise Refusal(42, "Domain not found: no domain with matching uuid")
        return self.handle()

    def create(self, arguments):
        arguments.text(), arguments.take(16), arguments.word()
        assert arguments.word() == 1, "VIR_DOMAIN_START_PAUSED"
        self.change("start paused", (PAUSED, BY_USER))
        return self.handle()

    def vcpus(self):
        out = struct.pack(">I", len(self.vcpu_nanoseconds))
        for number, used in enumerate(self.vcpu_nanoseconds):
            out += struct.pack(">IiQi", number, 1, used, 0)
        return out + struct.pack(">I", 0)

    def set_launch_state(self, arguments):
        arguments.text(), arguments.take(16), arguments.word()
        secret = arguments.parameters()
        if self.secret_refusal:
            raise Refusal(1, self.secret_refusal)
        self.secrets.append(secret)
        return self.change("inject", self.state)

    def change(self, what, state):
        self.done.append(what)
        self.state = state
        return b""


def published_chain(source):
    """PDH and PEK, OCA, CEK of a real platform, from the tree's own copy of what the sev crate publishes."""
    with open(os.path.join(source, "tests/sevcore/certificates/published_chains.cpp"), encoding="ascii") as file:
        constant = file.read().split("kEpyc7001Chain =")[1].split(";")[0]
    words = "".join(re.findall(r'"([^"]*)"', constant)).split()
    content = b"".join(bytes(int(word[1:])) if word[0] == "z" else bytes.fromhex(word) for word in words)
    return content[:2084], content[2084:4 * 2084]
