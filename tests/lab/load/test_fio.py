#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks under load: fio in an SEV-ES guest writes what it can recognise, and reads it again; then fio on the host does.

usage: tests/lab/run tests/lab/load/test_fio.py [-v]"""
import pathlib
import subprocess
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "suite"), str(pathlib.Path(__file__).resolve().parent)]
from host import Host, run  # noqa: E402
from guest_programs import command, mount, program_disk  # noqa: E402
from test_disks_and_networks import MODULES, SHELL, Typist, disk  # noqa: E402

# Pieces of all sizes in a random order, each with a header that names its place, and a checksum; a part of them is discarded first.
SIZE = 8 << 20
JOB = (f"--name=verified --size={SIZE} --rw=randwrite --bsrange=4k-256k --bs_unaligned=0 --randseed=2026 --verify=crc32c "
       "--verify_fatal=1 --verify_state_save=0 --allow_file_create=0 --output-format=terse --group_reporting")


def file_system(host):
    """A directory on a file system that has O_DIRECT, which the lab's own has not."""
    image, place = host.root / "ext4.img", host.root / "ext4"
    place.mkdir()
    subprocess.run(["modprobe", "--all", "loop", "ext4"], check=True)
    subprocess.run(["truncate", "-s", "96M", image], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", image], check=True, stdin=subprocess.DEVNULL)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    return place


class Fio(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.initrd = cls.host.make_initrd(*MODULES)
        cls.place = file_system(cls.host)
        cls.addClassCleanup(run, "umount", cls.place)
        cls.programs = program_disk(cls.host.root / "programs.img", "fio")

    def check(self, cache, io, engine):
        image = self.place / f"{cache}-{io}.img"
        subprocess.run(["truncate", "-s", str(SIZE), image], check=True)
        devices = (disk(self.programs, more="<readonly/>") +
                   disk(image, "vdb", driver=f"cache='{cache}' io='{io}' discard='unmap'"))
        domain = self.host.domain(f"fio-{cache}-{io}", vcpus=2, command_line=SHELL, devices=devices, initrd=self.initrd).define()
        domain.must("start", "--paused")
        console = domain.console()
        self.addCleanup(console.__exit__)
        domain.must("resume")
        console.await_text("a shell, as virtsev.shell")
        say = Typist(console)
        say(mount("/dev/vda"))
        said = say(f"{command('fio')} {JOB} --filename=/dev/vdb --direct=1 --ioengine={engine} --iodepth=16 --fsync=64 --do_verify=1; "
                   "echo fio ended with $?", 280)
        self.assertIn("fio ended with 0", said)
        console.type("poweroff -f\n")
        console.await_end()
        again = run("fio", *JOB.split(), f"--filename={image}", "--ioengine=psync", "--verify_only=1", "--do_verify=1")
        self.assertEqual(again.status, 0, again)
        # The check bites: one byte that is not as the guest wrote it is noticed.
        with open(image, "r+b") as written:
            written.seek(SIZE // 2)
            byte = written.read(1)[0]
            written.seek(SIZE // 2)
            written.write(bytes([byte ^ 1]))
        changed = run("fio", *JOB.split(), f"--filename={image}", "--ioengine=psync", "--verify_only=1", "--do_verify=1")
        self.assertNotEqual(changed.status, 0, changed)

    def test_what_a_guest_wrote_through_the_page_cache_and_io_uring_is_what_it_reads(self):
        self.check("writeback", "io_uring", "libaio")

    def test_what_a_guest_wrote_past_the_page_cache_is_what_it_reads(self):
        self.check("none", "io_uring", "libaio")

    def test_what_a_guest_wrote_by_threads_past_the_page_cache_is_what_it_reads(self):
        self.check("none", "threads", "libaio")


if __name__ == "__main__":
    unittest.main()
