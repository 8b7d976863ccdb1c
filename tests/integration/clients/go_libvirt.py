# SPDX-License-Identifier: LGPL-2.1-or-later
"""go-libvirt, through go_client.go: compiled once, into a directory that is kept."""

import json
import os
import queue
import shutil
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = "/usr/share/gocode/src/github.com/digitalocean/go-libvirt"
PATIENCE = 300  # Finds what hangs; a machine under load, or an emulated one, does not


class Refused(Exception):
    """An error of libvirt's: its number, and its text."""

    def __init__(self, code, text):
        super().__init__(code, text)
        self.code, self.text = code, text


def why_not():
    if shutil.which("go") is None or not os.path.isdir(SOURCE):
        return "go-libvirt is not installed (golang-go, golang-github-digitalocean-go-libvirt-dev)"
    return None


def build(directory):
    """The compiled client's path. Compiling takes minutes where the machine is emulated (the lab)."""
    program, source = os.path.join(directory, "go_client"), os.path.join(HERE, "go_client.go")
    if os.path.exists(program) and os.path.getmtime(program) > os.path.getmtime(source):
        return program
    environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", CGO_ENABLED="0",
                       GOCACHE=os.path.join(directory, "go-cache"))
    subprocess.run(["go", "build", "-o", program, source], env=environment, check=True, timeout=600)
    return program


class GoLibvirt:
    def __init__(self, program, socket):
        self.process = subprocess.Popen([program, socket], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answers, self.events = queue.Queue(), queue.Queue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            kind, rest = line.rstrip("\n").split(" ", 1)
            if kind == "event":
                name, number = rest.rsplit(" ", 1)
                self.events.put((name, int(number)))
            else:
                self.answers.put((kind, rest))
        self.answers.put(("ended", ""))

    def ask(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        kind, rest = self.answers.get(timeout=PATIENCE)
        if kind == "refused":
            code, text = rest.split(" ", 1)
            raise Refused(int(code), json.loads(text))
        assert kind == "ok", f"{words}: {kind} {rest}"
        return json.loads(rest)

    def next_event(self, seconds):
        """Name and number; None where none comes in that time."""
        try:
            return self.events.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stdout.close()
        assert status == 0, status
