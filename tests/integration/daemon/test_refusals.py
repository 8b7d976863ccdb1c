#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a user of virsh reads where virtsev can't: a sentence with the reason, and the code that tools understand.

usage: test_refusals.py VIRTSEVD VIRTSEV_VMM"""

from daemon_test import DaemonTest, main

try:
    import libvirt
except ImportError:
    libvirt = None

# Command, and words of the reason.
NOT_SUPPORTED = [
    (("save", "guest", "/tmp/none"), "can't write a guest's state"),
    (("managedsave", "guest"), "can't write a guest's state"),
    (("restore", "/tmp/none"), "can't write a guest's state"),
    (("snapshot-create", "guest"), "takes no snapshots"),
    (("snapshot-revert", "guest", "one"), "takes no snapshots"),
    (("checkpoint-create", "guest"), "takes no snapshots"),
    (("setmem", "guest", "64M"), "fixed when it is launched"),
    (("setmaxmem", "guest", "256M"), "fixed when it is launched"),
    (("setvcpus", "guest", "1"), "measured when it is launched"),
    (("attach-disk", "guest", "/tmp/none", "vda"), "has no empty slot for it"),
    (("screenshot", "guest", "/tmp/none"), "serial console"),
    (("send-key", "guest", "KEY_ENTER"), "serial console"),
    (("inject-nmi", "guest"), "non-maskable interrupt"),
    (("dompmsuspend", "guest", "mem"), "sleep states"),
    (("dompmwakeup", "guest"), "sleep states"),
    (("domhostname", "guest"), "has no channel for a guest agent"),
    (("domtime", "guest"), "has no channel for a guest agent"),
    (("domfsinfo", "guest"), "has no channel for a guest agent"),
    (("domfstrim", "guest"), "has no channel for a guest agent"),
    (("domfsfreeze", "guest"), "has no channel for a guest agent"),
    (("domfsthaw", "guest"), "has no channel for a guest agent"),
    (("guestinfo", "guest"), "has no channel for a guest agent"),
    (("shutdown", "guest", "--mode", "agent"), "has no channel for a guest agent"),
    (("shutdown", "guest", "--mode", "initctl"), "by its power button or by the agent in it"),
    (("guestvcpus", "guest"), "agent in the guest"),
    (("set-user-password", "guest", "root", "word"), "has no channel for a guest agent"),
    (("domblkstat", "guest", "vda"), "the domain has no disk 'vda'"),
    (("domblkinfo", "guest", "vda"), "the domain has no disk 'vda'"),
    (("domifstat", "guest", "vnet0"), "the domain has no interface 'vnet0'"),
    (("schedinfo", "guest"), "does not limit a guest's share"),
    (("memtune", "guest"), "does not limit a guest's share"),
    (("blkiotune", "guest"), "does not limit a guest's share"),
    (("numatune", "guest"), "does not limit a guest's share"),
    (("perf", "guest"), "does not limit a guest's share"),
    (("domxml-to-native", "other", "--domain", "guest"), "other format than domain XML"),
    (("dump", "guest", "/tmp/none"), "can't be dumped"),
    (("domifaddr", "guest", "--source", "agent"), "has no channel for a guest agent"),
    (("vol-info", "/tmp/none"), "start virtstoraged or libvirtd"),
    (("pool-define-as", "images", "dir", "--target", "/tmp"), "start virtstoraged or libvirtd"),
    (("net-start", "default"), "start virtnetworkd or libvirtd"),
    (("nodecpustats",), "ask the host itself"),
    (("sysinfo",), "ask the host itself"),
    (("cpu-models", "x86_64"), "no CPU models"),
    (("blockresize", "guest", "vda", "1M"), "does not do this with a guest's disks"),
    (("managedsave-dumpxml", "guest"), "can't write a guest's state"),
    (("qemu-monitor-command", "guest", "info version"), "have no QEMU"),
]


class Refusals(DaemonTest):
    def setUp(self):
        super().setUp()
        self.define()
        self.daemon.virsh("start", "guest", "--paused")

    def test_each_command_says_why(self):
        for command, reason in NOT_SUPPORTED:
            with self.subTest(" ".join(command)):
                said = self.daemon.virsh(*command, fails=True)
                self.assertIn(reason, said)
                self.assertNotIn("unknown procedure", said)
        self.assertEqual("paused (user)", self.daemon.virsh("domstate", "guest", "--reason").strip())

    def test_tools_read_that_it_is_not_supported(self):
        if libvirt is None:
            self.skipTest("python3-libvirt is not installed")
        libvirt.registerErrorHandler(lambda *_: None, None)
        connection = libvirt.open(self.daemon.uri())
        self.addCleanup(connection.close)
        guest = connection.lookupByName("guest")
        for call in (lambda: guest.save("/tmp/none"), guest.managedSave, lambda: guest.setMemory(65536),
                     lambda: guest.setVcpus(1), guest.injectNMI, lambda: guest.sendKey(0, 0, [28], 1),
                     lambda: guest.blockResize("vda", 1),
                     lambda: guest.snapshotCreateXML("<domainsnapshot/>"), guest.schedulerType):
            with self.assertRaises(libvirt.libvirtError) as refusal:
                call()
            self.assertEqual(libvirt.VIR_ERR_NO_SUPPORT, refusal.exception.get_error_code(), str(refusal.exception))

    def test_what_is_simply_not_there_is_an_answer(self):
        self.assertRegex(self.daemon.virsh("domjobinfo", "guest"), "Job type: +None")
        self.assertIn("no job is active", self.daemon.virsh("domjobabort", "guest", fails=True))
        self.assertEqual("ok", self.daemon.virsh("domcontrol", "guest").strip())
        self.assertRegex(self.daemon.virsh("vcpupin", "guest"), r"\n 0 +0")
        self.assertRegex(self.daemon.virsh("emulatorpin", "guest"), r"\n +\*: 0")
        for nothing in ("snapshot-list", "checkpoint-list", "domblkerror", "iothreadinfo", "domifaddr"):
            self.daemon.virsh(nothing, "guest")
        self.assertIn("no current snapshot", self.daemon.virsh("snapshot-current", "guest", fails=True))
        self.assertRegex(self.daemon.virsh("cpu-stats", "guest"), r"No per-CPU stats available[\s\S]*cpu_time +\d")
        self.daemon.virsh("destroy", "guest")
        self.assertIn("VCPU:           1", self.daemon.virsh("vcpuinfo", "guest"))

    def test_a_guest_that_is_off_is_told_so(self):
        self.daemon.virsh("destroy", "guest")
        for command in ("destroy", "shutdown", "reboot", "reset", "suspend", "resume", "dommemstat", "domlaunchsecinfo",
                        "domjobinfo"):
            with self.subTest(command):
                self.assertIn("not running", self.daemon.virsh(command, "guest", fails=True))


class Messages(DaemonTest):
    """virsh dominfo, which shows what virDomainGetMessages answers."""

    def messages(self, name):
        information = self.daemon.virsh("dominfo", name)
        return information.split("Messages:", 1)[1] if "Messages:" in information else ""

    def test_a_policy_without_nodbg_taints_the_domain(self):
        self.define("open", policy="0x0004")
        self.define("closed", policy="0x0005")
        self.assertIn("tainted: the policy allows debugging (NODBG, bit 0, is clear)", self.messages("open"))
        self.assertEqual("", self.messages("closed"))
        self.daemon.virsh("start", "open", "--paused")
        self.assertIn("NODBG", self.messages("open"))
        self.restart(9)
        self.assertIn("NODBG", self.messages("open"))
        self.assertIn("the platform is simulated", self.messages("open"))


if __name__ == "__main__":
    main()
