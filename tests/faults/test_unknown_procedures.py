#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A call that virtsev does not have is told by its name, with what virtsev does not have; lists of what there is none
of are empty, each of them. No guest runs."""

import os
import shutil
import tempfile
import unittest

from fault import Daemon, main

try:
    import libvirt
except ImportError:
    libvirt = None

# Commands of virsh, the call behind each, and what is said to be missing.
CALLS = [
    (("vol-info", "/tmp/none"), "virStorageVolLookupByPath", "storage"),
    (("pool-define-as", "images", "dir", "--target", "/tmp"), "virStoragePoolDefineXML", "storage"),
    (("pool-create-as", "images", "dir", "--target", "/tmp"), "virStoragePoolCreateXML", "storage"),
    (("net-info", "default"), "virNetworkLookupBy", "networks"),
    (("iface-mac", "eth0"), "virInterfaceLookupByName", "interfaces"),
    (("nodedev-dumpxml", "pci_0000_00_00_0"), "virNodeDeviceLookupByName", "devices"),
    (("secret-get-value", "11111111-2222-3333-4444-555555555555"), "virSecretLookupByUUID", "secrets"),
    (("nwfilter-dumpxml", "clean-traffic"), "virNWFilterLookupBy", "filters"),
    (("nodecpustats",), "virNodeGetCPUStats", "the host"),
    (("nodememstats",), "virNodeGetMemoryStats", "the host"),
    (("node-memory-tune",), "virNodeGetMemoryParameters", "the host"),
    (("sysinfo",), "virConnectGetSysinfo", "the host"),
    (("cpu-models", "x86_64"), "virConnectGetCPUModelNames", "CPU models"),
    (("managedsave-dumpxml", "guest"), "virDomainManagedSaveGetXMLDesc", "state to a file"),
    (("blockresize", "guest", "vda", "1M"), "virDomainBlockResize", "disks"),
    (("blkdeviotune", "guest", "vda"), "virDomainGetBlockIoTune", "disks"),
    (("domiftune", "guest", "vnet0"), "virDomainGetInterfaceParameters", "interfaces"),
    (("backup-dumpxml", "guest"), "virDomainBackupGetXMLDesc", "disks"),
    (("save", "guest", "/tmp/none"), "virDomainSave", "state to a file"),
]
EMPTY = ("snapshot-list", "checkpoint-list", "iothreadinfo")


class UnknownProcedures(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        self.addCleanup(shutil.rmtree, self.root)
        self.daemon = Daemon(self.root)
        self.addCleanup(self.daemon.end)
        self.daemon.define_text("""<domain type='kvm'><name>guest</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
            <os><type arch='x86_64' machine='q35'>hvm</type><kernel>/boot/vmlinuz</kernel></os>
            <launchSecurity type='sev'><policy>0x1</policy></launchSecurity></domain>""")

    def test_each_is_told_by_its_name(self):
        for command, call, missing in CALLS:
            with self.subTest(command[0]):
                said = self.daemon.virsh(*command, fails=True)
                self.assertIn(call, said)
                self.assertIn(missing, said)
                self.assertNotIn("unknown procedure", said)

    def test_saving_is_not_said_to_be_forbidden_by_sev(self):
        self.assertNotIn("SEV", self.daemon.virsh("save", "guest", "/tmp/none", fails=True))

    def test_lists_of_nothing_are_empty(self):
        for command in EMPTY:
            with self.subTest(command):
                self.daemon.virsh(command, "guest")

    def test_a_guest_that_is_off_is_told_so(self):
        for command in (("dump", "guest", "/tmp/none"), ("dump", "guest", "/tmp/none", "--memory-only"), ("domblkerror", "guest"),
                        ("cpu-stats", "guest"), ("domifaddr", "guest")):
            with self.subTest(" ".join(command)):
                self.assertIn("not running", self.daemon.virsh(*command, fails=True))

    @unittest.skipIf(libvirt is None, "python3-libvirt is not installed")
    def test_tools_read_that_it_is_not_supported(self):
        libvirt.registerErrorHandler(lambda *_: None, None)
        connection = libvirt.open(self.daemon.uri())
        self.addCleanup(connection.close)
        for call in (lambda: connection.storageVolLookupByPath("/tmp/none"), lambda: connection.networkLookupByName("default"),
                     lambda: connection.getSysinfo(0), lambda: connection.getCPUStats(0)):
            with self.assertRaises(libvirt.libvirtError) as refusal:
                call()
            self.assertEqual(libvirt.VIR_ERR_NO_SUPPORT, refusal.exception.get_error_code())
            self.assertRegex(str(refusal.exception), "^vir[A-Z][A-Za-z]+ is not supported: ")


if __name__ == "__main__":
    if shutil.which("virsh") is None:
        print("skipped: virsh is not installed")
        os._exit(77)
    main(guests=False)
