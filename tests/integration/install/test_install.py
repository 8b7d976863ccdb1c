#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meson install --destdir`: what is in it, that systemd takes the units, and that the installed daemon finds the installed monitor. And
`meson devenv`.

usage: test_install.py BUILD_DIRECTORY PREFIX VERSION"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, PREFIX, VERSION = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
SOURCE = pathlib.Path(__file__).resolve().parents[3]
UNITS = ("virtsevd.service", "virtsevd.socket", "virtsevd-ro.socket")
PROGRAMS = ("sbin/virtsevd", "libexec/virtsev-vmm", "bin/virtsev")
DATA = ("share/man/man1/virtsev.1", "share/man/man5/virtsevd.conf.5", "share/man/man8/virtsevd.8", "share/man/man8/virtsev-vmm.8",
        "share/bash-completion/completions/virtsev", "share/locale/de/LC_MESSAGES/virtsev.mo")
PATIENCE = 300

# Run as the first process of a mount namespace, in which the installed tree lies at its prefix.
DEFINE_AND_START = """
set -e
mount --bind "$1/$2" "$2"
export LC_ALL=C
unset VIRTSEV_VMM
"$2/sbin/virtsevd" --root "$3" --platform simulated --daemon
trap 'virsh -q -c "$uri" destroy guest || true; kill "$(cat "$3/run/virtsevd.pid")"' EXIT
uri="sev+unix:///system?socket=$3/run/virtsevd-sock"
virsh -q -c "$uri" define "$3/guest.xml"
virsh -q -c "$uri" start --paused guest
readlink "/proc/$(sed -n 's/^pid //p' "$3"/run/sev/*.status)/exe"
"""


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="virtsev-install."))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.directory.chmod(0o755)
        cls.tree = cls.directory / "tree"
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.tree], check=True, stdout=subprocess.DEVNULL,
                       timeout=PATIENCE)
        cls.prefix = cls.tree / PREFIX.relative_to("/")

    def run_it(self, *command, **options):
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **options)

    def test_all_of_it_is_there(self):
        for name in (*PROGRAMS, *DATA, *(f"lib/systemd/system/{unit}" for unit in UNITS)):
            self.assertTrue((self.prefix / name).is_file(), name)
        self.assertTrue((self.tree / "etc/libvirt/virtsevd.conf").is_file())

    def test_nothing_else_is_there(self):
        """What tests and builds need stays in the build directory."""
        places = {self.tree / "etc/libvirt", self.prefix / "lib/systemd/system", *((self.prefix / name).parent for name in (*PROGRAMS, *DATA))}
        for path in self.tree.rglob("*"):
            self.assertTrue(path.is_dir() or path.parent in places or "/locale/" in str(path), path)

    def test_each_program_tells_its_version(self):
        for name in PROGRAMS:
            done = self.run_it(self.prefix / name, "--version")
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn(VERSION, done.stdout)

    def test_devenv_has_the_programs_beside_the_systems(self):
        script = "ls / >/dev/null && virtsevd --version && virtsev-vmm --version && virtsev --version"
        done = self.run_it("meson", "devenv", "-C", BUILD, "sh", "-c", script)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(3, done.stdout.count(VERSION))

    def test_what_the_quickstart_builds_is_all_that_is_installed(self):
        """In a build directory that has nothing yet: `meson install --no-rebuild` needs all of it."""
        fresh = self.directory / "fresh"
        done = self.run_it("meson", "setup", fresh, SOURCE, "-Dtests=false")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn('"$here/build" "$build"', (SOURCE / "examples/quickstart").read_text())
        would = self.run_it(SOURCE / "examples/build", "-n", fresh)
        self.assertEqual(0, would.returncode, would.stderr)
        installed = json.loads(self.run_it("meson", "introspect", "--installed", fresh).stdout)
        missing = [path for path in map(pathlib.Path, installed) if not path.exists()]
        self.assertLessEqual({"virtsevd", "virtsev-vmm", "virtsev", "virtsev.mo"}, {path.name for path in missing})
        for path in missing:
            self.assertIn(str(path.relative_to(fresh)), would.stdout)

    def test_no_unit_has_a_placeholder_left_and_the_service_starts_what_is_installed(self):
        for unit in UNITS:
            text = (self.prefix / "lib/systemd/system" / unit).read_text()
            self.assertNotRegex(text, "@[a-z_]+@", unit)
        service = (self.prefix / "lib/systemd/system/virtsevd.service").read_text()
        program = re.search(r"^ExecStart=(\S+)", service, re.M)[1]
        self.assertTrue(os.access(self.tree / program.lstrip("/"), os.X_OK), program)

    def test_systemd_takes_the_units(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        # The program is where the unit says only after a real installation.
        units = self.directory / "units"
        units.mkdir()
        for unit in UNITS:
            text = (self.prefix / "lib/systemd/system" / unit).read_text()
            (units / unit).write_text(text.replace(f"={PREFIX}/", f"={self.prefix}/"))
        # These units win over the system's; others that they name come from there.
        done = self.run_it("systemd-analyze", "verify", "--man=no", *UNITS, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "LC_ALL": "C"})
        ours = [line for line in done.stderr.splitlines() if "virtsevd" in line]
        self.assertEqual((0, []), (done.returncode, ours), done.stderr)

    def test_installed_daemon_finds_the_installed_monitor(self):
        if os.geteuid() != 0:
            self.skipTest("not root: the tree can't be put at its prefix")
        kernel = next(iter(sorted(pathlib.Path("/boot").glob("vmlinuz-*"))), None)
        if shutil.which("virsh") is None or kernel is None or not os.access("/dev/kvm", os.R_OK | os.W_OK):
            self.skipTest("virsh, /dev/kvm or a kernel below /boot is not there")
        if not PREFIX.is_dir():
            self.skipTest(f"there is no {PREFIX} to put the tree at")
        private = self.run_it("unshare", "--mount", "true")
        if private.returncode != 0:
            self.skipTest(f"the tree can't be mounted for this test alone, in a chroot for example: {private.stderr.strip()}")
        root = self.directory / "root"
        root.mkdir()
        (root / "guest.xml").write_text(f"""<domain type='kvm'><name>guest</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
          <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}</kernel></os>
          <launchSecurity type='sev'><policy>0x1</policy></launchSecurity></domain>""")
        done = self.run_it("unshare", "--mount", "bash", "-c", DEFINE_AND_START, "bash", self.tree, PREFIX, root)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(f"{PREFIX}/libexec/virtsev-vmm", done.stdout.strip().splitlines()[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
