#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a definition asks for and nobody does is named, in dominfo and in the log; protection that is misspelt, or
has attributes that nobody knows, is refused. Needs no /dev/kvm."""

import shutil
import tempfile
import unittest

from fault import Daemon, main

DOCUMENT = """<domain type='kvm'>
  <name>guest</name>
  <memory unit='MiB'>128</memory>
  <currentMemory unit='MiB'>64</currentMemory>
  <vcpu cpuset='0'>1</vcpu>
  <iothreads>2</iothreads>
  <memoryBacking><hugepages/><locked/></memoryBacking>
  <cputune><vcpupin vcpu='0' cpuset='0'/><quota>5000</quota></cputune>
  <numatune><memory mode='strict' nodeset='0'/></numatune>
  <sysinfo type='smbios'><bios><entry name='vendor'>x</entry></bios></sysinfo>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>/boot/vmlinuz</kernel></os>
  <cpu mode='host-model'/>
  <clock offset='localtime'/>
  <devices><serial type='pty'/></devices>
  <launchSecurity type='sev'><policy>0x0007</policy></launchSecurity>
</domain>
"""
NAMED = ("taken and not used: <currentMemory>, <memoryBacking><hugepages>, <memoryBacking><locked>, "
         "<iothreads>, <cputune><quota>, <numatune><memory>, <sysinfo>, <cpu mode='host-model'>, "
         "<clock offset='localtime'>")


class NotUsed(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="virtsevd-")
        self.daemon = self.start()

    def tearDown(self):
        self.daemon.end()
        shutil.rmtree(self.root)

    def start(self, settings=""):
        with open(self.root + "/virtsevd.conf", "w") as file:
            file.write(settings)
        return Daemon(self.root, "--config", self.root + "/virtsevd.conf")

    def refusal(self, xml):
        with open(self.root + "/refused.xml", "w") as file:
            file.write(xml)
        return self.daemon.virsh("define", self.root + "/refused.xml", fails=True)

    def test_is_named_in_dominfo_and_in_the_log(self):
        self.daemon.define_text(DOCUMENT)
        self.assertIn(NAMED + "\n", self.daemon.virsh("dominfo", "guest"))
        self.assertIn("domain 'guest': " + NAMED + "\n", self.daemon.read_log())

    def test_values_that_no_schema_knows_are_refused(self):
        self.assertIn("offset='banana' is not a value that libvirt knows",
                      self.refusal(DOCUMENT.replace("offset='localtime'", "offset='banana'")))

    def test_a_cpu_model_that_may_not_be_another_is_refused_at_start_and_not_before(self):
        self.daemon.define_text(DOCUMENT.replace(
            "<cpu mode='host-model'/>",
            "<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC-Milan</model></cpu>"))
        self.assertIn("<cpu><model fallback='forbid'>", self.daemon.virsh("start", "guest", fails=True))

    def test_misspelt_protection_is_refused_where_unprotected_guests_are_allowed(self):
        self.daemon.end()
        self.daemon = self.start("allow_unprotected = 1\n")
        for name in ("launchsecurity", "launch-security", "LaunchSecurity", "launchSecurty"):
            with self.subTest(name):
                self.assertIn("spelt <launchSecurity>", self.refusal(DOCUMENT.replace("launchSecurity", name)))

    def test_attributes_of_the_protection_that_nobody_knows_are_refused(self):
        self.assertIn("its attribute 'kernelHash'",
                      self.refusal(DOCUMENT.replace("type='sev'", "type='sev' kernelHash='yes'")))


if __name__ == "__main__":
    main(guests=False)
