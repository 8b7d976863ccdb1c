#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the tree to its own rules: who may include whom, licence headers, and the size of files."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else ".").resolve()

# The table of ARCHITECTURE.md ("The folders"): each folder, the folders of ours it may use, the libraries it may use.
# sevcore/base serves everybody; the name of a folder stands for those inside it, too.
ANY_OF_STANDARD = re.compile(r"^[a-z0-9_]+$")
SYSTEM = ("sys/", "linux/", "unistd.h", "fcntl.h", "errno.h", "signal.h", "poll.h", "time.h", "pty.h", "termios.h",
          "sched.h", "pthread.h", "cpuid.h", "netinet/", "arpa/", "grp.h", "pwd.h", "dirent.h", "limits.h", "stdlib.h",
          "string.h", "stdio.h", "net/", "stdint.h", "locale.h", "utmp.h", "spawn.h", "getopt.h", "malloc.h", "endian.h", "dlfcn.h", "asm/")
RULES = {
    "sevcore/base": ([], ["fmt/", "libintl.h", "tl/expected.hpp", "openssl/"]),
    "sevcore/crypto": ([], ["openssl/"]),
    "sevcore/certificates": (["sevcore/crypto"], ["openssl/"]),
    "sevcore/machine": ([], []),
    "sevcore/launch": (["sevcore/crypto"], []),
    "sevcore/abi": (["sevcore/certificates", "sevcore/crypto", "sevcore/launch"], []),
    "sevcore/owner": (["sevcore/abi", "sevcore/certificates", "sevcore/crypto", "sevcore/launch"], []),
    "sevcore/firmware": (["sevcore/abi", "sevcore/certificates", "sevcore/crypto", "sevcore/launch"], []),
    "sevcore/kernel": (["sevcore/abi", "sevcore/launch"], []),
    "sevcore/simulated": (["sevcore/abi", "sevcore/firmware", "sevcore/kernel", "sevcore/launch"], []),
    "sevcore/outcomes": (["sevcore/abi", "sevcore/kernel"], []),
    "sevcore/host-check": (["sevcore/abi", "sevcore/kernel", "sevcore/outcomes"], []),
    "domain-xml": (["sevcore/certificates", "sevcore/crypto", "sevcore/launch", "sevcore/machine"], ["libxml/"]),
    "driver/spec": (["sevcore/launch", "sevcore/machine"], []),
    "driver/spec-from-xml": (["domain-xml", "driver/spec", "driver/boot/ovmf", "sevcore/launch", "sevcore/machine"], ["nlohmann/"]),
    "driver/boot/files": (["driver/spec", "sevcore/crypto"], []),
    "driver/boot/acpi": (["sevcore/machine"], []),
    "driver/boot/linux": (["driver/boot/files", "driver/boot/acpi", "driver/spec", "sevcore/launch", "sevcore/machine"], []),
    "driver/boot/ovmf": (["driver/boot/files", "driver/spec", "sevcore/crypto", "sevcore/launch", "sevcore/machine"], ["lzma.h"]),
    "driver/boot": (["driver/spec", "sevcore/launch"], []),
    "driver/xdr": ([], []),
    "driver/control": (["driver/xdr", "driver/spec", "sevcore/launch", "sevcore/machine"], []),
    "driver/vmm/bus": ([], []),
    "driver/vmm/interrupts": ([], []),
    "driver/vmm/loop": ([], []),
    "driver/vmm/memory": (["sevcore/machine"], []),
    "driver/vmm/pci": (["driver/vmm/bus", "driver/vmm/interrupts", "sevcore/machine"], []),
    "driver/vmm/virtio": (["driver/vmm/bus", "driver/vmm/interrupts", "driver/vmm/loop", "driver/vmm/memory", "driver/vmm/pci"], []),
    "driver/vmm/storage": (["driver/vmm/loop", "driver/vmm/memory", "driver/spec"], ["liburing.h"]),
    "driver/vmm/network": (["driver/vmm/loop", "driver/vmm/memory"], []),
    "driver/vmm/devices": (["driver/vmm/bus", "driver/vmm/interrupts", "driver/vmm/loop", "driver/vmm/memory", "driver/vmm/network", "driver/vmm/pci",
                            "driver/vmm/storage", "driver/vmm/virtio", "driver/spec", "sevcore/machine"], []),
    "driver/vmm/kvm": (["driver/vmm/interrupts", "driver/control", "sevcore/kernel", "sevcore/launch"], []),
    "driver/vmm/run": (["driver/vmm/bus", "driver/vmm/kvm", "driver/boot", "driver/control"], []),
    "driver/vmm/launch": (["driver/vmm/kvm", "driver/vmm/memory", "driver/vmm/run", "sevcore/kernel", "sevcore/launch", "sevcore/outcomes"], []),
    "driver/vmm/hardware": (["driver/vmm/launch", "driver/vmm/kvm", "driver/vmm/run", "sevcore/host-check", "sevcore/kernel", "sevcore/launch"], []),
    "driver/vmm/simulated": (["driver/vmm/launch", "driver/vmm/kvm", "driver/vmm/memory", "driver/vmm/run", "driver/boot", "sevcore/launch", "sevcore/machine", "sevcore/simulated"], []),
    "driver/vmm/debug": (["driver/vmm/launch", "driver/vmm/memory", "sevcore/launch"], []),
    "driver/vmm/guest": (["driver/vmm/bus", "driver/vmm/debug", "driver/vmm/devices", "driver/vmm/hardware", "driver/vmm/interrupts", "driver/vmm/kvm",
                          "driver/vmm/launch", "driver/vmm/loop", "driver/vmm/memory", "driver/vmm/pci", "driver/vmm/run", "driver/vmm/simulated", "driver/boot",
                          "driver/control", "driver/spec", "sevcore/host-check", "sevcore/kernel", "sevcore/launch", "sevcore/machine", "sevcore/simulated"],
                         []),
    "driver/vmm/sandbox": (["driver/vmm/kvm", "driver/control"], ["seccomp.h", "cap-ng.h"]),
    "driver/vmm/control": (["driver/vmm/guest", "driver/vmm/loop", "driver/vmm/run", "driver/vmm/sandbox", "driver/control", "sevcore/simulated"], []),
    "driver/vmm": (["driver/vmm/control", "driver/vmm/loop", "driver/vmm/sandbox", "sevcore/crypto"], []),
    "driver/rpc": (["driver/xdr"], ["asio/", "asio.hpp"]),
    "driver/daemon/base": ([], ["fmt/"]),
    "driver/daemon/api": (["domain-xml"], ["asio/", "asio.hpp"]),
    "driver/daemon/loop": ([], ["asio/", "asio.hpp"]),
    "driver/daemon/jobs": (["driver/daemon/loop"], ["asio/", "asio.hpp"]),
    "driver/daemon/files": (["driver/daemon/base", "domain-xml", "driver/control"], ["fmt/"]),
    "driver/daemon/config": (["driver/daemon/files", "domain-xml", "driver/control", "driver/spec-from-xml", "sevcore/simulated"], []),
    "driver/daemon/platform": (["driver/daemon/files"], ["asio/", "asio.hpp"]),
    "driver/daemon/monitor": (["driver/daemon/base", "driver/daemon/config", "driver/daemon/files", "driver/daemon/loop",
        "driver/daemon/platform", "driver/control", "sevcore/outcomes", "sevcore/simulated"], ["asio/", "asio.hpp"]),
    "driver/daemon/network": (["driver/daemon/files", "domain-xml"], []),
    "driver/daemon/agent": (["driver/daemon/api"], ["asio/", "asio.hpp", "nlohmann/"]),
    "driver/daemon/gdb": (["driver/control"], ["asio/", "asio.hpp"]),
    "driver/daemon/dump": (["driver/daemon/base", "driver/daemon/files", "driver/daemon/loop", "driver/control"], ["asio/", "asio.hpp",
        "libvirt/"]),
    "driver/daemon/run": (["driver/daemon/api", "driver/daemon/loop", "driver/daemon/monitor", "domain-xml", "driver/control"],
        ["asio/", "asio.hpp", "libvirt/"]),
    "driver/daemon/domains": (["driver/daemon/api", "driver/daemon/base", "driver/daemon/jobs", "driver/daemon/loop",
        "driver/daemon/run"], ["libvirt/"]),
    "driver/daemon/host": (["driver/daemon/api", "driver/daemon/config", "driver/daemon/domains", "driver/daemon/files",
        "driver/daemon/loop", "driver/daemon/monitor", "domain-xml", "driver/control", "driver/spec", "sevcore/host-check",
        "sevcore/kernel", "sevcore/simulated"], ["asio/", "asio.hpp"]),
    "driver/daemon/lifecycle": (["driver/daemon/agent", "driver/daemon/api", "driver/daemon/base", "driver/daemon/config", "driver/daemon/domains",
        "driver/daemon/dump", "driver/daemon/files", "driver/daemon/gdb", "driver/daemon/host", "driver/daemon/jobs", "driver/daemon/libvirt",
        "driver/daemon/loop",
        "driver/daemon/monitor", "driver/daemon/network", "driver/daemon/platform", "driver/daemon/run", "domain-xml", "driver/control", "driver/spec-from-xml",
        "sevcore/machine"], ["asio/", "asio.hpp", "libvirt/"]),
    "driver/daemon/hypervisor": (["driver/daemon/agent", "driver/daemon/api", "driver/daemon/base", "driver/daemon/domains", "driver/daemon/files",
        "driver/daemon/host", "driver/daemon/libvirt", "driver/daemon/lifecycle", "driver/daemon/loop", "driver/daemon/monitor"], ["asio/",
        "asio.hpp", "libvirt/"]),
    "driver/daemon/relay": (["driver/rpc", "driver/xdr"], ["asio/", "asio.hpp"]),
    "driver/daemon/libvirt": (["driver/daemon/base", "driver/daemon/loop", "driver/daemon/relay", "domain-xml", "driver/xdr"], ["asio/", "asio.hpp"]),
    "driver/daemon/dispatch": (["driver/daemon/api", "driver/daemon/base", "driver/daemon/relay", "driver/rpc", "driver/spec", "driver/xdr"], ["asio/",
        "asio.hpp", "libvirt/"]),
    "driver/daemon/program": (["driver/daemon/base", "driver/daemon/dispatch", "driver/daemon/files", "driver/daemon/hypervisor",
        "driver/daemon/monitor", "driver/daemon/relay", "driver/control", "driver/rpc"], ["asio/", "asio.hpp", "CLI/", "systemd/"]),
    "driver/daemon": (["driver/daemon/base", "driver/daemon/program"], ["asio/", "asio.hpp"]),
    "driver/cli/io": (["sevcore/abi", "sevcore/crypto", "sevcore/launch"], ["CLI/", "nlohmann/"]),
    "driver/cli/svg": ([], []),
    "driver/cli/expected": (["driver/cli/io", "driver/boot", "driver/spec", "driver/spec-from-xml", "domain-xml", "sevcore"], []),
    "driver/cli/explain": (["driver/cli/io", "driver/cli/svg", "driver/cli/expected", "sevcore"], []),
    "driver/cli/owner": (["driver/cli/io", "driver/cli/expected", "domain-xml", "sevcore"], []),
    "driver/cli/libvirt": (["driver/cli/io"], ["libvirt/"]),
    "driver/cli/platform": (["driver/cli/io", "driver/cli/libvirt", "sevcore"], ["libvirt/"]),
    "driver/cli/attest": (["driver/cli/io", "driver/cli/expected", "driver/cli/owner", "driver/cli/libvirt", "driver/cli/platform", "sevcore"],
                          ["libvirt/"]),
    "driver/cli/commands": (["driver/cli/io", "driver/cli/expected", "driver/cli/explain", "driver/cli/owner", "driver/cli/libvirt",
                             "driver/cli/platform", "driver/cli/attest", "domain-xml", "sevcore"], []),
    "driver/cli": (["driver/cli/commands", "driver/cli/io", "sevcore"], []),
}
CODE = ("sevcore", "domain-xml", "driver")
# What one file may take in lines. Generated files say so in their first lines.
LINE_LIMIT = 400


def files_of(*suffixes):
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], capture_output=True,
                            text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if name.endswith(suffixes) and (ROOT / name).is_file()]


def code_files():
    return [f for f in files_of(".cpp", ".hpp") if f.relative_to(ROOT).parts[0] in CODE]


def folder_of(path):
    """The longest folder of the table that holds this path."""
    text = str(path)
    matches = [folder for folder in RULES if text == folder or text.startswith(folder + "/")]
    return max(matches, key=len) if matches else None


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def may_include(folder, quoted, name):
    ours, libraries = RULES[folder]
    if quoted:
        target = folder_of(name)
        return target is not None and any(target == allowed or target.startswith(allowed + "/") for allowed in [folder, "sevcore/base", *ours])
    return bool(ANY_OF_STANDARD.match(name)) or name.startswith(SYSTEM) or name.startswith(
        tuple(libraries)) or name in ("fmt/core.h", "fmt/format.h")


class Structure(unittest.TestCase):
    def test_every_folder_includes_only_what_the_table_allows(self):
        files = code_files()
        self.assertGreater(len(files), 20, "the tree was not found")
        wrong = []
        for path in files:
            folder = folder_of(path.relative_to(ROOT))
            for number, kind, name in includes(path):
                if not may_include(folder, kind == '"', name):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {folder} may not include {name}")
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))

    def test_the_table_refuses_a_forbidden_include(self):
        self.assertFalse(may_include("driver/xdr", True, "driver/rpc/server.hpp"))
        self.assertFalse(may_include("driver/vmm", True, "domain-xml/domain_definition.hpp"))
        self.assertFalse(may_include("driver/vmm/devices", True, "driver/vmm/kvm/kvm_vm.hpp"))
        self.assertFalse(may_include("driver/vmm/run", True, "driver/vmm/simulated/simulated_sev.hpp"))
        self.assertFalse(may_include("driver/daemon/run", True, "driver/daemon/lifecycle/lifecycle.hpp"))
        self.assertFalse(may_include("driver/daemon/dispatch", True, "driver/daemon/hypervisor/hypervisor.hpp"))
        self.assertFalse(may_include("sevcore/launch", False, "libxml/parser.h"))
        self.assertFalse(may_include("sevcore/launch", True, "sevcore/kernel/sev_vm.hpp"))
        self.assertFalse(may_include("domain-xml", True, "sevcore/kernel/sev_vm.hpp"))
        self.assertTrue(may_include("driver/xdr", True, "sevcore/base/bytes.hpp"))

    def test_the_table_has_no_circle(self):
        """What a folder may use, directly or through others, never includes itself."""
        def uses(folder):
            return {target for allowed in RULES[folder][0] for target in RULES if target == allowed or target.startswith(allowed + "/")} - {folder}
        for folder in RULES:
            seen, ahead = set(), list(uses(folder))
            while ahead:
                target = ahead.pop()
                if target not in seen:
                    seen.add(target)
                    ahead += uses(target)
            self.assertNotIn(folder, seen)

    def test_one_place_makes_a_policy_into_a_kind_of_launch(self):
        """Whoever asks the bit decides a second time; the firmware's own answers are the firmware's."""
        allowed = ("sevcore/launch/policy", "sevcore/launch/protection.cpp", "sevcore/firmware/")
        asking = [name for name in (str(path.relative_to(ROOT)) for path in code_files())
                  if not name.startswith(allowed) and "PolicyBit::kEs" in (ROOT / name).read_text()]
        self.assertEqual([], asking)

    def test_there_is_one_type_for_the_way_a_vmsa_is_filled(self):
        declaring = [str(path.relative_to(ROOT)) for path in code_files() if "enum class VmsaFlavour" in path.read_text()]
        self.assertEqual(["sevcore/launch/vcpu_state.hpp"], declaring)

    def test_no_two_classes_have_one_name(self):
        """What is still so, and may only become less."""
        still = {"Console", "Launch", "Monitor", "Options", "Packet", "Pause", "Platform", "Resume", "SerialPort", "Session"}
        places = {}
        for path in code_files():
            if path.suffix == ".hpp":
                for name in re.findall(r"^(?:class|struct|enum class)(?: \[\[\w+\]\])? (\w+)(?: final)?(?: :[^;{]*)?\s*\{", path.read_text(), re.M):
                    places.setdefault(name, set()).add(str(path.relative_to(ROOT)))
        twice = {name for name, files in places.items() if len(files) > 1}
        self.assertEqual(set(), twice - still, {name: places[name] for name in twice - still})
        self.assertEqual(set(), still - twice, "no longer twice: take it off the list")

    def test_what_takes_long_to_compile_is_included_once(self):
        """CLI11 takes 12 s a source, nlohmann's JSON 4 s: virtsev's commands use them through headers of ours."""
        for header, place in (("CLI/CLI.hpp", "driver/cli/io/command_line.cpp"), ("nlohmann/json.hpp", "driver/cli/io/json.cpp")):
            users = [str(path.relative_to(ROOT)) for path in code_files()
                     if str(path.relative_to(ROOT)).startswith("driver/cli/") and header in (name for _, _, name in includes(path))]
            self.assertEqual([place], users, header)

    def test_every_source_carries_the_licence(self):
        wrong = []
        for path in files_of(".cpp", ".hpp", ".py", ".sh", "meson.build"):
            first = path.read_text(errors="replace").splitlines()[:3]
            if not any("SPDX-License-Identifier: LGPL-2.1-or-later" in line for line in first):
                wrong.append(str(path.relative_to(ROOT)))
        self.assertEqual([], wrong)

    def test_no_file_outgrows_its_room(self):
        wrong = []
        for path in files_of(".cpp", ".hpp"):
            lines = path.read_text().splitlines()
            if len(lines) > LINE_LIMIT and not any("generated" in line.lower() for line in lines[:5]):
                wrong.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
        self.assertEqual([], wrong)

    def test_architecture_names_files_that_exist(self):
        for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"):
            path = ROOT / document
            self.assertTrue(path.is_file(), f"{document} is missing")
            for name in re.findall(r"`((?:sevcore|domain-xml|driver|tests|examples|po)/[A-Za-z0-9_./-]+)`", path.read_text()):
                self.assertTrue((ROOT / name).exists(), f"{document} names {name}, which does not exist")


if __name__ == "__main__":
    unittest.main()
