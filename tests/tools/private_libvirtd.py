# SPDX-License-Identifier: LGPL-2.1-or-later
"""A libvirtd of a test's own: it has a mount namespace with state of its own, its sockets beside virtsevd's, and no QEMU driver. Nothing of the
host's is touched."""

import glob
import os
import subprocess
import time

PATIENCE = 120  # Seconds
LIBVIRTD = "/usr/sbin/libvirtd"
DRIVERS = ("interface", "network", "nodedev", "nwfilter", "secret", "storage")
MODULES = next(iter(glob.glob("/usr/lib/*/libvirt/connection-driver") + glob.glob("/usr/lib64/libvirt/connection-driver")), "")
START = """set -e
for directory in /run/libvirt /var/lib/libvirt /etc/libvirt /var/cache/libvirt /var/log/libvirt; do mkdir -p $directory; mount -t tmpfs tmpfs $directory; done
mkdir /var/lib/libvirt/dnsmasq  # Else the package's
exec "$0" --config "$1/libvirtd.conf" --pid-file "$1/libvirtd.pid"
"""


def why_not():
    if not os.access(LIBVIRTD, os.X_OK) or not all(os.path.exists(f"{MODULES}/libvirt_driver_{name}.so") for name in DRIVERS):
        return "libvirtd with its network and storage drivers is not installed"
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        return "a mount namespace needs root"
    return None


class Libvirtd:
    def __init__(self, root):
        self.root = root
        self.sockets = [f"{root}/run/libvirt-sock{suffix}" for suffix in ("", "-ro")]
        modules = f"{root}/modules"
        os.makedirs(modules, exist_ok=True)
        for name in DRIVERS:
            link = f"{modules}/libvirt_driver_{name}.so"
            if not os.path.exists(link):
                os.symlink(f"{MODULES}/libvirt_driver_{name}.so", link)
        with open(f"{root}/libvirtd.conf", "w") as file:
            file.write(f'unix_sock_dir = "{root}/run"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\nlog_outputs = "3:file:{root}/libvirtd.log"\n')
        self.process = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", START, LIBVIRTD, root],
                                        env=dict(os.environ, LIBVIRT_DRIVER_DIR=modules), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.expect_answer()

    def expect_answer(self):
        """It makes its sockets when it listens, and says so to nobody that is not systemd."""
        end = time.monotonic() + PATIENCE
        uri = f"storage+unix:///system?socket={self.sockets[0]}"
        while subprocess.run(["virsh", "-q", "-c", uri, "uri"], capture_output=True).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                with open(f"{self.root}/libvirtd.log") as log:
                    raise AssertionError("libvirtd does not start:\n" + log.read())

    def end(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        for socket in self.sockets:
            if os.path.exists(socket):
                os.unlink(socket)
