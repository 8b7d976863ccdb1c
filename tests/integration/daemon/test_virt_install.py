#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock virt-install on virtsevd, under the name that it knows (qemu+unix:) and with a real libvirtd for networks and storage: each command
line with what it gives. All stop at the definition (--noreboot): no guest runs, so that every machine can try them."""

import os
import re
import shutil
import subprocess
import sys

from daemon_process import PATIENCE, SKIPPED, Daemon
from daemon_test import DaemonTest, main
from private_libvirtd import Libvirtd, why_not

# Options beside --name, --memory, --vcpus, --import; with KERNEL, DISK and ISO for files that are there. Then either what `virsh dominfo` says
# is taken and not used ("": nothing in particular), or what the refusal says.
TAKEN = [
    ("--osinfo generic --disk DISK --network none --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk path=DISK --network none --graphics none --boot uefi", ""),
    ("--osinfo debian11 --disk path=DISK --network none --graphics none --boot uefi --launchSecurity sev", ""),
    ("--osinfo debian11 --disk path=DISK --network none --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk DISK,bus=virtio --network none --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk DISK,bus=sata,serial=S1 --network none --graphics none --boot kernel=KERNEL", "<target bus='sata'>"),
    ("--osinfo debian11 --disk type=file,source.file=DISK,target.bus=virtio --network none --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk size=1 --network none --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk path=DISK --network bridge=virbr77 --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk none --network bridge=virbr77,model=e1000e --graphics none --boot kernel=KERNEL", "<model type='e1000e'>"),
    ("--osinfo debian11 --disk none --network network=relayed --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk path=DISK --network user --graphics none --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk path=DISK --network none --boot kernel=KERNEL", "<graphics type="),
    ("--osinfo debian11 --disk path=DISK --network none --graphics vnc --sound ich9 --boot kernel=KERNEL", "<sound model='ich9'>"),
    ("--osinfo debian11 --disk path=DISK --disk ISO,device=cdrom --network none --graphics none --boot kernel=KERNEL", "<target bus='sata'>"),
    ("--osinfo debian11 --disk path=DISK --network none --graphics none", ""),
    ("--osinfo debian11 --disk none --network none --graphics none --rng /dev/urandom --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk none --network none --graphics none --memballoon virtio --boot kernel=KERNEL", "<memballoon>"),
    ("--osinfo debian11 --disk none --network none --graphics none --cputune vcpupin0.vcpu=0,vcpupin0.cpuset=0 --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk none --network none --graphics none --cpu host-passthrough --boot kernel=KERNEL", ""),
    ("--osinfo debian11 --disk none --network none --graphics none --seclabel type=none --boot kernel=KERNEL", ""),
]
REFUSED = [
    ("--osinfo debian11 --disk path=/nowhere/x.img --network none --graphics none --boot kernel=KERNEL", "/nowhere"),
    ("--osinfo debian11 --disk none --network none --graphics none --launchSecurity sev --boot kernel=KERNEL", "SEV launch security requires a Q35 UEFI machine"),
    ("--osinfo debian11 --disk none --network none --graphics none --boot firmware=bios", "firmware='bios' is not offered"),
    ("--osinfo debian11 --disk none --network none --graphics none --tpm emulator --boot kernel=KERNEL", "<tpm>"),
    ("--osinfo debian11 --disk none --network none --graphics none --vsock cid.auto=yes --boot kernel=KERNEL", "<vsock>"),
    ("--osinfo debian11 --disk none --network none --graphics none --filesystem /tmp,shared --boot kernel=KERNEL", "file systems of the host"),
    ("--osinfo debian11 --disk none --network none --graphics none --vcpus 2,maxvcpus=4 --boot kernel=KERNEL", "<vcpu>"),
]


class VirtInstall(DaemonTest):
    def setUp(self):
        super().setUp()
        self.daemon.end()
        os.makedirs(f"{self.root}/etc", exist_ok=True)
        with open(f"{self.root}/etc/virtsevd.conf", "w") as file:
            file.write("allow_unprotected = 1\n")
        self.daemon = Daemon(self.root)
        self.libvirtd = Libvirtd(self.root)
        self.files = {"KERNEL": self.kernel}
        for name, path in (("DISK", "disk.img"), ("ISO", "medium.iso")):
            self.files[name] = os.path.join(self.root, path)
            with open(self.files[name], "wb") as file:
                file.truncate(1 << 20)
        with open(f"{self.root}/net.xml", "w") as file:
            file.write("<network><name>relayed</name><bridge name='virbr77'/></network>")
        self.daemon.virsh("net-define", f"{self.root}/net.xml")

    def tearDown(self):
        self.libvirtd.end()
        super().tearDown()

    def install(self, name, options):
        for word, path in self.files.items():
            options = options.replace(word, path)
        command = ["virt-install", "--connect", self.daemon.uri().replace("sev+unix:", "qemu+unix:"), "--name", name, "--memory", "128",
                   "--import", "--noreboot", "--noautoconsole", "--check", "all=off", *options.split()]
        if "--vcpus" not in options:
            command += ["--vcpus", "2"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE,
                              env=dict(os.environ, HOME=self.root, XDG_CACHE_HOME=self.root))
        return done.returncode, done.stdout + done.stderr

    def test_what_is_taken_is_defined_and_what_is_not_given_is_said(self):
        for number, (options, not_used) in enumerate(TAKEN):
            with self.subTest(options):
                status, said = self.install(f"taken{number}", options)
                self.assertEqual(status, 0, said)
                info = self.daemon.virsh("dominfo", f"taken{number}")
                self.assertIn(not_used, info)
                self.assertNotIn("<channel type='unix'>", info, "the guest agent's is given")

    def test_what_is_refused_says_why(self):
        for number, (options, reason) in enumerate(REFUSED):
            with self.subTest(options):
                status, said = self.install(f"refused{number}", options)
                self.assertNotEqual(status, 0, said)
                self.assertIn(reason, said)
                self.assertNotIn("unknown procedure", said)
        self.assertEqual(self.daemon.virsh("list", "--all", "--name").strip(), "")

    def test_devices_of_a_new_guest_are_virtio(self):
        status, said = self.install("new", "--osinfo debian11 --disk path=DISK --network bridge=virbr77 --graphics none --boot kernel=KERNEL")
        self.assertEqual(status, 0, said)
        xml = self.daemon.virsh("dumpxml", "new")
        self.assertRegex(xml, r"<target dev='vda' bus='virtio'/>")
        self.assertRegex(xml, r"<model type='virtio'/>")
        self.assertRegex(xml, r"<mac address='52:54:00:")
        self.assertRegex(xml, r"<controller type='virtio-serial'")
        self.assertRegex(xml, r"<target type='virtio' name='org\.qemu\.guest_agent\.0'/>\s*<address type='virtio-serial'")
        self.assertEqual(re.findall(r"<on_reboot>", xml), [])


if __name__ == "__main__":
    reason = why_not() or (None if shutil.which("virt-install") else "virt-install is not installed")
    if reason:
        print("skipped:", reason)
        sys.exit(SKIPPED)
    main(guests=False)
