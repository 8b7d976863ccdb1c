#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A document in the shape of other drivers' guides: all that is wrong with it is in one error, by line, and once
that advice is followed it is accepted. Needs no /dev/kvm."""

import re

from fault import FaultTest, main

DOCUMENT = """<domain type='kvm'>
  <name>guide</name>
  <memory unit='KiB'>4194304</memory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-8.2'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>
    <nvram>/var/lib/libvirt/qemu/nvram/guide_VARS.fd</nvram>
    <kernel>/boot/vmlinuz</kernel>
  </os>
  <features><acpi/><smm state='on'/></features>
  <cpu mode='host-model'><topology sockets='1' cores='2' threads='1'/></cpu>
  <on_reboot>restart</on_reboot>
  <devices>
    <disk type='file' device='disk'><target dev='sda' bus='scsi'/></disk>
    <interface type='network'><source network='default'/></interface>
    <serial type='pty'/>
    <graphics type='spice'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
  <launchSecurity type='sev'><cbitpos>fifty</cbitpos><policy>0x0047</policy></launchSecurity>
</domain>
"""

# What the error says of each line, and what that makes of the line.
ADVICE = [
    (4, r"<vcpu> .*remove the attribute", "current='2'", ""),
    (6, r"<os><type> .*write machine='q35'", "pc-q35-8.2", "q35"),
    (8, r"<os><nvram> .*remove the element", "<nvram>/var/lib/libvirt/qemu/nvram/guide_VARS.fd</nvram>", ""),
    (9, r"<os><kernel> .*remove it", "<kernel>/boot/vmlinuz</kernel>", ""),
    (11, r"<features><smm> .*write <smm state='off'/>", "<smm state='on'/>", "<smm state='off'/>"),
    (12, r"<cpu><topology> .*remove the element", "<topology sockets='1' cores='2' threads='1'/>", ""),
    (13, r"<on_reboot> .*write <on_reboot>destroy</on_reboot>", "restart", "destroy"),
    (15, r"<devices><disk> .*write <source file=", "<disk type='file' device='disk'>", "<disk type='file' device='disk'><source file='/image'/>"),
    (21, r"<launchSecurity><cbitpos> .*remove the element", "<cbitpos>fifty</cbitpos>", ""),
    (21, r"<launchSecurity><policy> .*write 0x0007", "0x0047", "0x0007"),
]


class AllProblems(FaultTest):
    def refusal(self, xml):
        with open(self.root + "/refused.xml", "w") as file:
            file.write(xml)
        return self.daemon.virsh("define", self.root + "/refused.xml", fails=True)

    def test_are_in_one_error_and_following_it_is_enough(self):
        error = self.refusal(DOCUMENT)
        told = [int(line) for line in re.findall(r"\(line (\d+)\)", error)]
        self.assertEqual(told, [line for line, *_ in ADVICE], error)
        corrected = DOCUMENT.split("\n")
        for line, advice, old, new in ADVICE:
            self.assertRegex(error, advice)
            self.assertIn(old, corrected[line - 1])
            corrected[line - 1] = corrected[line - 1].replace(old, new)
        self.daemon.define_text("\n".join(corrected))

    def test_are_bounded(self):
        error = self.refusal(DOCUMENT.replace("<serial type='pty'/>", "<shmem/>\n" * 6000))
        self.assertIn("and 5970 more after these", error)
        self.assertLess(len(error), 30000)


if __name__ == "__main__":
    main(guests=False)
