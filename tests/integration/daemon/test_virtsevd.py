#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsevd as a program, stock virsh before it and virtsev-vmm behind it. Guests are launched and measured; nothing here needs them to
boot, so any /dev/kvm will do.

usage: test_virtsevd.py VIRTSEVD VIRTSEV_VMM"""

import base64
import os
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from daemon_process import KERNEL, PATIENCE, SKIPPED, VIRTSEVD, Daemon, why_not  # noqa: F401 (test_attest.py uses some)
from daemon_test import DaemonTest, main


class VirtsevdTest(DaemonTest):
    def test_guest_from_definition_to_measurement_to_destroy(self):
        self.define()
        self.daemon.virsh("start", "guest", "--paused")
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())
        self.assertEqual(48, len(base64.b64decode(self.measurement())))
        live = self.daemon.virsh("dumpxml", "guest")
        self.assertRegex(live, r"<domain type='kvm' id='1'>")
        self.assertRegex(live, r"<source path='/dev/pts/\d+'/>")
        self.assertIn("<cbitpos>", live)
        self.daemon.virsh("destroy", "guest")
        self.assertEqual("shut off (destroyed)", self.daemon.virsh("domstate", "guest", "--reason").strip())
        self.assertEqual(["autostarted", "driver.pid"], sorted(os.listdir(self.root + "/run/sev")))

    def test_secret_in_the_wrong_order_is_refused(self):
        self.define()
        header, secret = os.path.join(self.root, "header"), os.path.join(self.root, "secret")
        for path, size in ((header, 52), (secret, 16)):
            with open(path, "w") as file:
                file.write(base64.b64encode(bytes(size)).decode() + "\n")
        command = ("domsetlaunchsecstate", "guest", "--secrethdr", header, "--secret", secret)
        self.assertIn("not running", self.daemon.virsh(*command, fails=True))
        self.daemon.virsh("start", "guest", "--paused")
        # Right order, wrong MAC: the firmware refuses it, and the guest stays as it was.
        self.daemon.virsh(*command, fails=True)
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())

    def test_guest_survives_kill_9_of_the_daemon(self):
        self.define()
        self.daemon.virsh("start", "guest", "--paused")
        before = (self.measurement(), self.daemon.virsh("domid", "guest"), self.daemon.monitor("guest"))
        self.restart(signal.SIGKILL)
        self.assertEqual(before, (self.measurement(), self.daemon.virsh("domid", "guest"), self.daemon.monitor("guest")))
        self.daemon.virsh("destroy", "guest")

    def test_guest_survives_an_orderly_restart(self):
        self.define()
        self.daemon.virsh("start", "guest", "--paused")
        before = self.measurement()
        self.restart(signal.SIGTERM)
        self.assertEqual(before, self.measurement())

    def import_libvirt(self):
        try:
            import libvirt
        except ImportError:
            self.skipTest("python3-libvirt is not installed")
        libvirt.registerErrorHandler(lambda *_: None, None)
        return libvirt

    def test_memory_of_a_guest_that_may_be_debugged_is_read(self):
        libvirt = self.import_libvirt()
        self.kernel = KERNEL  # Of some size
        self.define(policy="0x0000")
        self.daemon.virsh("start", "guest", "--paused")
        connection = libvirt.open(self.daemon.uri())
        domain = connection.lookupByName("guest")
        # Decrypted by the firmware: the command line (sevcore/machine/memory_layout.hpp), and the kernel in four pieces and more.
        self.assertEqual(b"console=ttyS0\0", domain.memoryPeek(0x8000, 14, libvirt.VIR_MEMORY_PHYSICAL))
        self.assertEqual(b"onsole", domain.memoryPeek(0x8001, 6, libvirt.VIR_MEMORY_VIRTUAL))
        with open(self.kernel, "rb") as kernel:
            image = kernel.read()
        loaded = image[(image[0x1f1] + 1) * 512:][:1500000]
        self.assertEqual(loaded, domain.memoryPeek(0x1000000, len(loaded), libvirt.VIR_MEMORY_PHYSICAL))
        for address, size in ((128 << 20, 1), (0xfee00000, 16), ((128 << 20) - 8, 16)):
            with self.assertRaises(libvirt.libvirtError) as raised:
                domain.memoryPeek(address, size, libvirt.VIR_MEMORY_PHYSICAL)
            self.assertEqual(libvirt.VIR_ERR_INVALID_ARG, raised.exception.get_error_code())
        with self.assertRaises(libvirt.libvirtError):
            domain.memoryPeek(0x8000, 14, libvirt.VIR_MEMORY_PHYSICAL | libvirt.VIR_MEMORY_VIRTUAL)
        connection.close()
        read_only = libvirt.openReadOnly(self.daemon.uri("-ro"))
        with self.assertRaises(libvirt.libvirtError):
            read_only.lookupByName("guest").memoryPeek(0x8000, 14, libvirt.VIR_MEMORY_PHYSICAL)
        read_only.close()

    def test_memory_of_a_guest_whose_policy_forbids_debugging_stays_closed(self):
        libvirt = self.import_libvirt()
        self.define(policy="0x0001")
        connection = libvirt.open(self.daemon.uri())
        domain = connection.lookupByName("guest")
        self.daemon.virsh("start", "guest", "--paused")
        for flags in (libvirt.VIR_MEMORY_PHYSICAL, libvirt.VIR_MEMORY_VIRTUAL):
            with self.assertRaises(libvirt.libvirtError) as raised:
                domain.memoryPeek(0x8000, 14, flags)
            self.assertEqual(libvirt.VIR_ERR_OPERATION_DENIED, raised.exception.get_error_code())
            self.assertRegex(str(raised.exception), "policy 0x1 .*NODBG, bit 0")
        connection.close()

    def test_kill_9_of_the_monitor_is_a_crash_with_its_event(self):
        libvirt = self.import_libvirt()
        self.define()
        self.daemon.virsh("start", "guest", "--paused")
        libvirt.virEventRegisterDefaultImpl()
        connection = libvirt.open(f"sev+unix:///system?socket={self.root}/run/virtsevd-sock")
        events = []
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                          lambda _, domain, event, detail, __: events.append((domain.name(), event, detail)),
                                          None)
        os.kill(self.daemon.monitor("guest"), signal.SIGKILL)
        while not events:
            libvirt.virEventRunDefaultImpl()
        connection.close()
        self.assertEqual([("guest", libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED)], events)
        self.assertEqual("shut off (crashed)", self.daemon.virsh("domstate", "guest", "--reason").strip())

    def test_definition_survives_and_undefine_removes_it(self):
        self.define()
        self.daemon.virsh("autostart", "guest")
        self.restart(signal.SIGKILL)
        self.assertIn("guest", self.daemon.virsh("list", "--all", "--name", "--autostart"))
        self.daemon.virsh("undefine", "guest")
        self.assertEqual(["autostart"], os.listdir(self.root + "/etc/sev"))
        self.assertEqual([], os.listdir(self.root + "/etc/sev/autostart"))

    def test_sockets_have_the_modes_of_the_design(self):
        for name in ("virtsevd-sock", "virtsevd-sock-ro"):
            mode = os.stat(f"{self.root}/run/{name}").st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(0o600, stat.S_IMODE(mode))
        self.define()
        self.assertIn("guest", self.daemon.virsh("list", "--all", read_only=True))
        self.daemon.virsh("start", "guest", fails=True, read_only=True)

    def test_second_daemon_on_the_same_root_is_refused(self):
        done = subprocess.run([VIRTSEVD, "--root", self.root, "--platform", "simulated"], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(1, done.returncode)
        self.assertIn("another virtsevd", done.stderr)

    def test_monitor_has_a_user_and_no_privileges(self):
        if os.geteuid() != 0:
            self.skipTest("not root: monitors have this user's id")
        self.define("guest")
        self.define("other")
        uids = set()
        for name in ("guest", "other"):
            self.daemon.virsh("start", name, "--paused")
            with open(f"/proc/{self.daemon.monitor(name)}/status") as file:
                status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
            self.assertEqual("1", status["NoNewPrivs"])
            self.assertEqual("", status["Groups"].strip())
            self.assertEqual("0000000000000000", status["CapEff"])
            uids.add(status["Uid"])
        self.assertEqual(2, len(uids))
        self.assertNotIn("0\t0\t0\t0", uids)

    def test_reload_of_a_broken_file_changes_nothing(self):
        with open(self.root + "/etc/virtsevd.conf", "w") as file:
            file.write("nonsense")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.virsh("version")
        self.assertIn("virtsevd.conf:1:", self.daemon.read_log())

    def test_hardware_that_is_not_there_says_what_is_missing(self):
        if os.path.exists("/dev/sev"):
            self.skipTest("this host may have SEV")
        self.define()
        self.daemon.end()
        self.daemon = Daemon(self.root, platform="hardware")
        for command in (("nodesevinfo",), ("start", "guest")):
            with self.subTest(command):
                said = self.daemon.virsh(*command, fails=True)
                self.assertIn("can't run", said)
                self.assertIn("EPYC", said)
        self.assertEqual("shut off", self.daemon.virsh("domstate", "guest").strip())

    def test_no_two_domains_write_the_same_log(self):
        names = ("a", "a-console", "a.log", "console", "a.log.1")
        for name in names:
            self.define(name)
            self.daemon.virsh("start", name, "--paused")
        logs = [os.path.realpath(f"/proc/{self.daemon.monitor(name)}/fd/{entry}") for name in names
                for entry in set(os.listdir(f"/proc/{self.daemon.monitor(name)}/fd"))]
        logs = [path for path in logs if path.startswith(f"{self.root}/log/")]
        console = [path for path in logs if path.startswith(f"{self.root}/log/console/")]
        self.assertEqual(4 * len(names), len(set(console)), "a console log and its three backups each")
        for name in names:
            self.assertIn(f"{self.root}/log/console/{name}.log", console)
            self.assertIn(f"{self.root}/log/{name}.log", logs)
        self.assertEqual(5 * len(names), len(set(logs)))


class Program(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([VIRTSEVD, *arguments], capture_output=True, text=True, timeout=PATIENCE)

    def test_version_and_help(self):
        self.assertRegex(self.run_it("--version").stdout, r"virtsev\) \d+\.\d+\.\d+")
        self.assertIn("--platform", self.run_it("--help").stdout)

    def test_wrong_options_exit_with_1(self):
        for arguments in (["extra"], ["--platform", "none"], ["--timeout", "0"], ["--config", "/nowhere"]):
            with tempfile.TemporaryDirectory() as root:
                self.assertEqual(1, self.run_it("--root", root, *arguments).returncode, arguments)

    def test_timeout_ends_an_idle_daemon(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(0, self.run_it("--root", root, "--platform", "simulated", "--timeout", "1").returncode)
            self.assertFalse(os.path.exists(root + "/run/virtsevd-sock"), "a socket that nobody serves is left behind")

    def test_socket_activation(self):
        with tempfile.TemporaryDirectory() as root:
            path = root + "/activated"
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(path)
            listener.listen()

            # As the service manager does it: descriptor 3, and the process's own number in the environment.
            script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=virtsevd.socket exec "$@"'
            process = subprocess.Popen(["bash", "-c", script, "bash", VIRTSEVD, "--root", root, "--platform", "simulated"],
                                       pass_fds=(listener.fileno(),))
            try:
                done = subprocess.run(["virsh", "-c", f"sev+unix:///system?socket={path}", "nodesevinfo"], capture_output=True,
                                      text=True, timeout=PATIENCE)
                self.assertIn("cbitpos", done.stdout, done.stderr)
                self.assertFalse(os.path.exists(root + "/run/virtsevd-sock"))
            finally:
                process.terminate()
                process.wait(PATIENCE)
                listener.close()


if __name__ == "__main__":
    main()
