# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtsevd of a test's own, and what its clients do: virsh and virtsev, as a user types them."""
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[3]
LUKS_KEY = "736869e5-84f0-4973-92ec-06879ce3da0b"

DOMAIN = """<domain type='kvm'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
  <vcpu>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>{command_line}</cmdline>
  </os>
  <devices><console type='pty'/>{devices}</devices>
  <launchSecurity type='sev'><policy>{policy}</policy>{session}</launchSecurity>
</domain>
"""


class Result:
    """What a command left behind."""

    def __init__(self, completed):
        self.status, self.output, self.errors = completed.returncode, completed.stdout, completed.stderr

    def __str__(self):
        return f"status {self.status}\n{self.output}{self.errors}"


def run(*command, **options):
    # The commands of a test take milliseconds; one that hangs is a failure, and has to be named.
    return Result(subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                                 timeout=options.pop("timeout", 300), stdin=subprocess.DEVNULL, **options))


class Launch:
    """virsh domlaunchsecinfo, by its field names."""

    def __init__(self, output):
        self.fields = dict(re.findall(r"^([a-z-]+) *: *(\S+)$", output, re.M))
        self.measurement = self.fields.get("sev-measurement", "")
        self.api = f"{self.fields.get('sev-api-major')}.{self.fields.get('sev-api-minor')}"
        self.build = self.fields.get("sev-build-id")


class Host:
    """virtsevd under a root directory of its own. Kernel and initrd lie there, too: a test may change them."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-suite."))
        self.uri = f"sev+unix:///system?socket={self.root}/run/virtsevd-sock"
        self.environment = {**os.environ, "LC_ALL": "C", "LIBVIRT_DEFAULT_URI": self.uri}
        self.kernel = self.root / "kernel"
        self.initrd = self.root / "initrd"
        newest = sorted(pathlib.Path("/boot").glob("vmlinuz-*"), key=lambda path: path.stat().st_mtime)[-1]
        shutil.copy(os.path.realpath("/vmlinuz") if os.path.exists("/vmlinuz") else newest, self.kernel)
        if made := os.environ.get("VIRTSEV_EXAMPLE_INITRD"):
            shutil.copy(made, self.initrd)
        else:
            subprocess.run([SOURCE / "examples/initrd/make", self.initrd], check=True)
        self.daemon = None

    def start(self, platform="simulated"):
        """Returns when the sockets are there (--daemon); its log goes on in the root directory."""
        with open(self.root / "virtsevd.log", "ab") as log:
            subprocess.run(["virtsevd", "--root", str(self.root), "--platform", platform, "--verbose", "--daemon"],
                           check=True, stdout=log, stderr=log, stdin=subprocess.DEVNULL, timeout=300)
        self.daemon = int((self.root / "run/virtsevd.pid").read_text())

    def kill(self, signal_number=signal.SIGKILL):
        end_process(self.daemon, signal_number)
        self.daemon = None

    def close(self):
        try:
            if self.daemon is None:
                self.start()
            for name in self.virsh("list", "--name").output.split():
                self.virsh("destroy", name)
            self.kill(signal.SIGTERM)
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def virsh(self, *arguments, **options):
        return run("virsh", "-q", *arguments, env=self.environment, **options)

    def virtsev(self, *arguments):
        return run("virtsev", *arguments, env=self.environment)

    def make_initrd(self, *modules):
        """The example's, with more modules of the kernel, which its init loads."""
        kernel = self.kernel.read_bytes()
        at = int.from_bytes(kernel[0x20e:0x210], "little") + 0x200  # Linux, Documentation/x86/boot.rst: kernel_version
        version = kernel[at:at + 200].split(b" ")[0].decode()
        initrd = self.root / "-".join(["initrd", *modules])
        if not initrd.exists():
            subprocess.run([SOURCE / "examples/initrd/make", initrd, version, *modules], check=True)
        return initrd

    def domain(self, name, **values):
        return Domain(self, name, **values)

    def vmm_of(self, name):
        """The process of a running domain, by the name that it shows."""
        for directory in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (directory / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"virtsev-vmm") and name.encode() in words:
                return int(directory.name)
        return None


def end_process(process, signal_number):
    """Signals a process that is not our child, and returns when it is gone."""
    descriptor = os.pidfd_open(process)
    try:
        signal.pidfd_send_signal(descriptor, signal_number)
        if not select.select([descriptor], [], [], 30)[0]:
            raise TimeoutError(f"process {process} does not end")
    finally:
        os.close(descriptor)


class Domain:
    """A domain, and what its owner keeps for it."""

    def __init__(self, host, name, policy="0x7", vcpus=2, memory=256, command_line="console=ttyS0 quiet", session=False,
                 extra="", devices="", initrd=None):
        self.host, self.name, self.policy = host, name, policy
        self.owner = host.root / f"owner-{name}"
        self.xml = host.root / f"{name}.xml"
        xml_session = ""
        if session:
            self.make_session()
            xml_session = (f"<dhCert>{(self.owner / 'dh_cert.b64').read_text().strip()}</dhCert>"
                           f"<session>{(self.owner / 'session.b64').read_text().strip()}</session>")
        document = DOMAIN.format(name=name, memory=memory, vcpus=vcpus, kernel=host.kernel, initrd=initrd or host.initrd,
                                 command_line=command_line, policy=policy, session=xml_session, devices=devices)
        self.xml.write_text(document.replace("<devices>", extra + "<devices>"))

    def virsh(self, command, *arguments, **options):
        return self.host.virsh(command, self.name, *arguments, **options)

    def must(self, command, *arguments):
        result = self.virsh(command, *arguments)
        assert result.status == 0, f"virsh {command} {self.name}: {result}"
        return result.output

    def define(self):
        result = self.host.virsh("define", self.xml)
        assert result.status == 0, f"virsh define: {result}"
        return self

    def make_session(self):
        certificates = self.host.root / "platform.cert"
        result = self.host.virtsev("platform", "export", "--uri", self.host.uri, "--out", certificates)
        assert result.status == 0, result
        result = self.host.virtsev("session", "--platform", certificates, "--policy", self.policy, "--out", self.owner)
        assert result.status == 0, result

    def launch(self):
        return Launch(self.must("domlaunchsecinfo"))

    def verify(self, xml=None, policy=None):
        launch = self.launch()
        return self.host.virtsev("verify", "--measurement", launch.measurement, "--tik", self.owner / "tik.bin", "--policy",
                                 policy or self.policy, "--api", launch.api, "--build", launch.build, xml or self.xml)

    def verify_firmware(self, image):
        """Of a guest that firmware starts: the owner gives a copy of it, and the vCPUs' model, which SEV-ES measures: this machine's."""
        cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
        family, model, stepping = (int(re.search(rf"^{name}\s*: (\d+)$", cpuinfo, re.M)[1]) for name in ("cpu family", "model", "stepping"))
        signature = max(family - 15, 0) << 20 | model >> 4 << 16 | min(family, 15) << 8 | (model & 15) << 4 | stepping
        launch = self.launch()
        return self.host.virtsev("verify", "--measurement", launch.measurement, "--tik", self.owner / "tik.bin", "--policy", self.policy,
                                 "--api", launch.api, "--build", launch.build, "--firmware", image, "--cpu-signature", str(signature), self.xml)

    def inject(self, content):
        """Packs a secret for this launch and hands it over."""
        key = self.host.root / f"{self.name}.key"
        key.write_bytes(content)
        result = self.host.virtsev("secret", "--tik", self.owner / "tik.bin", "--tek", self.owner / "tek.bin",
                                   "--measurement", self.launch().measurement, "--entry", f"luks-key={key}", "--out",
                                   self.owner)
        assert result.status == 0, result
        return self.inject_packed()

    def inject_packed(self):
        return self.virsh("domsetlaunchsecstate", "--secrethdr", self.owner / "secret_header.b64", "--secret",
                          self.owner / "secret.b64")

    def state(self):
        return self.must("domstate", "--reason").strip()

    def identity(self):
        return self.must("domid").strip()

    def console(self):
        return Console(self)


class Console:
    """virsh console on a terminal of its own; everything that it showed is in `text`."""

    def __init__(self, domain, *options):
        self.text = ""
        self.master, terminal = os.openpty()
        self.process = subprocess.Popen(["virsh", "-q", "console", domain.name, *options], env=domain.host.environment, stdin=terminal,
                                        stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def await_text(self, wanted, seconds=300):
        """Reads until the text was shown; the guest's lines end in CR LF."""
        end = time.monotonic() + seconds
        while wanted not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"'{wanted}' did not come in {seconds} s; the console said:\n{self.text}")
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            if not piece:
                raise AssertionError(f"the console ended before '{wanted}'; it said:\n{self.text}")
            self.text += piece.decode(errors="replace").replace("\r", "")
        return self.text

    def await_prompt(self, prompt, seconds=60):
        """Of a shell that waits already. virsh drops what is typed before it has set up its terminal, and does not say when it has."""
        for attempt in range(seconds):
            self.type("\n")
            try:
                return self.await_text(prompt, 1)
            except AssertionError:
                if attempt + 1 == seconds:
                    raise

    def forget(self, until):
        """Everything up to this text: another launch says the same again."""
        self.text = self.text.split(until, 1)[1]

    def await_end(self, seconds=300):
        """The console ends with its domain."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"the console did not end in {seconds} s; it said:\n{self.text}")
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                return
            if not piece:
                return
            self.text += piece.decode(errors="replace").replace("\r", "")

    def type(self, characters):
        os.write(self.master, characters.encode())


class Events:
    """virsh event --all --loop, line by line, from when it listens."""

    PROBE = "probe-of-events"

    def __init__(self, host):
        # Without a terminal virsh would buffer its lines.
        self.master, terminal = os.openpty()
        self.lines, self.rest = [], ""
        self.process = subprocess.Popen(["virsh", "event", "--all", "--loop"], env=host.environment,
                                        stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)
        self.await_listening(host)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def await_line(self, pattern, seconds=300):
        """Returns the first line from now on that matches, and forgets those before it."""
        return self.lines_until(pattern, seconds)[-1]

    def lines_until(self, pattern, seconds=300):
        """All lines from now on, in order, up to the first that matches."""
        end = time.monotonic() + seconds
        taken = []
        while True:
            while self.lines:
                taken.append(self.lines.pop(0))
                if re.search(pattern, taken[-1]):
                    return taken
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"no event '{pattern}' in {seconds} s; there were {taken}")
            self.read()

    def read(self):
        self.rest += os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
        *whole, self.rest = self.rest.split("\n")
        self.lines += [line for line in whole if line]

    def await_listening(self, host):
        """virsh does not say when it listens: a domain's title is changed until it shows that."""
        host.domain(self.PROBE, vcpus=1).define()
        for attempt in range(60):
            host.virsh("desc", self.PROBE, "--title", "--config", str(attempt))
            while select.select([self.master], [], [], 1)[0]:
                self.read()
                if any(self.PROBE in line for line in self.lines):
                    host.virsh("undefine", self.PROBE)
                    return self.lines_until(f"'{self.PROBE}': Undefined Removed")
        raise AssertionError("virsh event does not listen")
