# SPDX-License-Identifier: LGPL-2.1-or-later
"""This machine's own programs, as a disk from which a guest runs them."""
import pathlib
import re
import shutil
import subprocess

LIBRARIES = "/programs/libraries"


def program_disk(image, *names):
    """An ext4 image with these programs, each with the libraries that it is linked with, and its loader."""
    tree = image.with_suffix(".d")
    libraries = tree / "libraries"
    libraries.mkdir(parents=True)
    for name in names:
        program = shutil.which(name)
        shutil.copy(program, tree / name)
        for path in re.findall(r"(/\S+) \(0x", subprocess.check_output(["ldd", program], text=True)):
            shutil.copy(path, libraries / pathlib.Path(path).name)
    subprocess.run(["truncate", "-s", "160M", image], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, image], check=True, stdin=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return image


def mount(device):
    """What a guest types to have them."""
    return f"mkdir -p /programs; mount -t ext4 -o ro {device} /programs"


def command(name):
    """How a guest runs one, that has none of its libraries."""
    return f"{LIBRARIES}/ld-linux-x86-64.so.2 --library-path {LIBRARIES} /programs/{name}"
