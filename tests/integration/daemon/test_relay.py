#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks, storage, host devices, secrets, interfaces and filters through virtsevd, by stock virsh, with a real libvirtd behind it."""

import filecmp
import os
import subprocess
import sys

from daemon_process import PATIENCE, SKIPPED
from daemon_test import DaemonTest, main
from private_libvirtd import Libvirtd, why_not


class Relay(DaemonTest):
    def setUp(self):
        super().setUp()
        self.libvirtd = Libvirtd(self.root)
        self.images = os.path.join(self.root, "images")
        os.mkdir(self.images)

    def tearDown(self):
        self.libvirtd.end()
        super().tearDown()

    def file(self, name, content):
        path = os.path.join(self.root, name)
        with open(path, "w") as file:
            file.write(content)
        return path

    def test_storage_from_pool_to_volume_and_its_bytes(self):
        virsh = self.daemon.virsh
        virsh("pool-define-as", "images", "dir", "--target", self.images)
        virsh("pool-start", "images")
        self.assertIn("active", virsh("pool-list", "--all"))
        virsh("vol-create-as", "images", "disk.img", "8M", "--format", "raw")
        image = os.path.join(self.images, "disk.img")
        self.assertIn(image, virsh("vol-list", "images"))
        self.assertIn("disk.img", virsh("vol-info", image), "by its path, as virt-install looks")
        content = os.path.join(self.root, "content")
        with open(content, "wb") as file:
            file.write(os.urandom(3 << 20))
            file.truncate(8 << 20)
        for sparse in ([], ["--sparse"]):
            virsh("vol-upload", "disk.img", content, "--pool", "images", *sparse)
            self.assertTrue(filecmp.cmp(content, image, shallow=False))
            copy = os.path.join(self.root, "copy")
            virsh("vol-download", "disk.img", copy, "--pool", "images", *sparse)
            self.assertTrue(filecmp.cmp(content, copy, shallow=False))
        self.assertIn("no storage vol with matching", virsh("vol-delete", "other", "--pool", "images", fails=True))
        virsh("vol-delete", "disk.img", "--pool", "images")

    def test_every_other_kind_answers(self):
        virsh = self.daemon.virsh
        virsh("net-define", self.file("net.xml", "<network><name>relayed</name><bridge name='virbr77'/></network>"))
        self.assertIn("relayed", virsh("net-list", "--all"))
        self.assertIn("virbr77", virsh("net-dumpxml", "relayed"))
        secret = virsh("secret-define", self.file("secret.xml", "<secret ephemeral='no' private='no'><description>x</description></secret>"))
        self.assertIn("Secret", secret)
        self.assertRegex(virsh("secret-list"), r"[0-9a-f-]{36}")
        virsh("nwfilter-define", self.file("filter.xml", "<filter name='relayed' chain='root'/>"))
        self.assertIn("relayed", virsh("nwfilter-list"))
        self.assertIn("computer", virsh("nodedev-list"))
        virsh("iface-list")
        # And what is virtsevd's own is as before.
        self.define()
        self.assertIn("guest", virsh("list", "--all"))

    def define_with(self, devices):
        self.define()
        xml = self.daemon.virsh("dumpxml", "guest").replace("</devices>", devices + "</devices>")
        self.daemon.virsh("define", self.file("with.xml", xml))

    def test_a_guest_is_refused_by_the_name_of_the_network_that_is_not_active(self):
        self.define_with("<interface type='network'><source network='relayed'/></interface>")
        self.assertIn("Network not found", self.daemon.virsh("start", "guest", fails=True))
        self.daemon.virsh("net-define", self.file("net.xml", "<network><name>relayed</name><bridge name='virbr77'/></network>"))
        self.assertIn("the network 'relayed' is not active: start it (virsh net-start relayed)", self.daemon.virsh("start", "guest", fails=True))

    def test_a_guests_volume_is_found_in_its_pool(self):
        virsh = self.daemon.virsh
        self.define_with("<disk type='volume'><source pool='images' volume='disk.img'/><target dev='vda' bus='virtio'/></disk>")
        self.assertIn("Storage pool not found", virsh("start", "guest", fails=True))
        virsh("pool-define-as", "images", "dir", "--target", self.images)
        self.assertIn("the storage pool 'images' is not active", virsh("start", "guest", fails=True))
        virsh("pool-start", "images")
        self.assertIn("Storage volume not found", virsh("start", "guest", fails=True))
        virsh("vol-create-as", "images", "disk.img", "8M", "--format", "raw")
        self.assertRegex(virsh("domblkinfo", "guest", "vda"), r"Capacity: +8388608")
        virsh("vol-delete", "disk.img", "--pool", "images")
        virsh("vol-create-as", "images", "disk.img", "8M", "--format", "qcow2")
        self.assertIn("is an image of format 'qcow2'", virsh("start", "guest", fails=True))

    def test_a_read_only_client_looks_and_changes_nothing(self):
        self.daemon.virsh("pool-define-as", "images", "dir", "--target", self.images)
        self.assertIn("images", self.daemon.virsh("pool-list", "--all", read_only=True))
        # By the read-write client's own calls on the read-only socket, too: there the servers alone hold it back.
        uri = self.daemon.uri("-ro")
        for command in (["pool-start", "images"], ["pool-undefine", "images"], ["pool-define-as", "more", "dir", "--target", "/tmp"],
                        ["net-define", self.file("net.xml", "<network><name>n</name></network>")]):
            done = subprocess.run(["virsh", "-c", uri, *command], capture_output=True, text=True, timeout=PATIENCE)
            self.assertNotEqual(done.returncode, 0, command)
            self.assertIn("read only", done.stderr, command)
        self.assertIn("inactive", self.daemon.virsh("pool-list", "--all"))


if __name__ == "__main__":
    reason = why_not()
    if reason:
        print("skipped:", reason)
        sys.exit(SKIPPED)
    main(guests=False)
