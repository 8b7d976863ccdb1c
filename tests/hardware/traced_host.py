# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab suite's host, on hardware too, with every command and what it said in the report."""

import pathlib
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab/suite"))
import host as lab  # noqa: E402 (it lies there)

LONGEST = 400


def show(command, result):
    """Long values (certificates, sessions) are cut."""
    print("$", " ".join(shlex.quote(str(word)) for word in command))
    for line in (result.output + result.errors).splitlines():
        print(line if len(line) <= LONGEST else line[:LONGEST] + " ...")
    if result.status != 0:
        print(f"(status {result.status})")
    sys.stdout.flush()
    return result


class TracedHost(lab.Host):
    def __init__(self, platform):
        self.platform = platform
        super().__init__()
        self.start(platform)

    def virsh(self, *arguments, **options):
        # Firmware takes its time, and so does a large guest's first touch.
        return show(("virsh", *arguments), super().virsh(*arguments, **{"timeout": 300, **options}))

    def virtsev(self, *arguments):
        return show(("virtsev", *arguments), super().virtsev(*arguments))

    def domain(self, name, **values):
        return TracedDomain(self, name, **values)

    def show_logs(self):
        for path in (self.root / "virtsevd.log", *sorted((self.root / "log").rglob("*.log"))):
            print(f"-- {path.name}")
            print("\n".join(path.read_text(errors="replace").splitlines()[-100:]))


class TracedDomain(lab.Domain):
    def make_session(self):
        """The chain of certificates is a case of its own; here it must not stand in the way."""
        certificates = self.host.root / "platform.cert"
        if not certificates.exists():
            assert self.host.virtsev("platform", "export", "--uri", self.host.uri, "--out", certificates).status == 0
        result = self.host.virtsev("session", "--platform", certificates, "--policy", self.policy, "--out", self.owner, "--unverified")
        assert result.status == 0, result

    def flavour(self):
        """How the kernel filled the vCPUs' state, found by what the measurement fits; None where it fits nothing."""
        launch = self.launch()
        for flavour in ("init2", "legacy"):
            if self.host.virtsev("verify", "--measurement", launch.measurement, "--tik", self.owner / "tik.bin", "--policy", self.policy,
                                 "--api", launch.api, "--build", launch.build, "--vmsa", flavour, self.xml).status == 0:
                return flavour
        return None
