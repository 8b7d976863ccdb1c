# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client and the host's own eyes see of the domains, and what must hold at any time."""
import dataclasses
import os
import struct

import libvirt
from killing.host import UNKNOWN_DOMAIN, await_end, demand

EMPTY = "autostart", "driver.pid", "autostarted"


@dataclasses.dataclass(frozen=True)
class Seen:
    """One domain. `title` stands for the whole definition, which is else always the same."""
    name: str
    title: str
    metadata: str
    persistent: bool
    autostart: bool
    identity: int  # -1: inactive
    monitor: int | None

    @property
    def active(self):
        return self.identity >= 0


def answer(call, *arguments):
    """None where libvirt says that there is none."""
    try:
        return call(*arguments)
    except libvirt.libvirtError as error:
        if error.get_error_code() in (UNKNOWN_DOMAIN, libvirt.VIR_ERR_NO_DOMAIN_METADATA):
            return None
        raise


def see(host, connection, uuid):
    domain = answer(connection.lookupByUUIDString, uuid)
    if domain is None:
        return None
    configured = libvirt.VIR_DOMAIN_AFFECT_CONFIG if domain.isPersistent() else libvirt.VIR_DOMAIN_AFFECT_LIVE
    inactive = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    title = answer(domain.metadata, libvirt.VIR_DOMAIN_METADATA_TITLE, None, configured) or ""
    demand(f"<name>{domain.name()}</name>" in inactive and "<policy>0x0000</policy>" in inactive, "a definition is torn:", inactive)
    metadata = answer(domain.metadata, libvirt.VIR_DOMAIN_METADATA_ELEMENT, "urn:kill", configured) or ""
    return Seen(domain.name(), title, metadata, bool(domain.isPersistent()), bool(domain.isPersistent() and domain.autostart()),
                domain.ID() if domain.isActive() else -1, host.monitor_of(uuid))


def see_all(host, connection, uuids):
    seen = {uuid: see(host, connection, uuid) for uuid in uuids}
    listed = sorted(domain.UUIDString() for domain in connection.listAllDomains())
    demand(listed == sorted(uuid for uuid in seen if seen[uuid]), "domains are listed that nobody made:", listed)
    return seen


def monitors_of(host, seen):
    """As the status files have them now: a guest that was reset while virtsevd was killed is launched again by the next one, in its own time."""
    return {host.monitor_of(uuid) for uuid, one in seen.items() if one and one.active}


def check_host(host, seen):
    """Files and processes are those of the domains, and no more."""
    demand(None not in monitors_of(host, seen), "a running domain has no status file:", seen)
    for stray in host.monitors() - monitors_of(host, seen):
        demand(await_end(stray) or stray in monitors_of(host, seen), "a monitor runs that belongs to no domain:", stray, host.log_tail())
    demand(monitors_of(host, seen) <= host.monitors(), "the monitor of a running domain is gone")
    configuration = {"autostart"} | {f"{one.name}.xml" for one in seen.values() if one and one.persistent}
    demand(set(os.listdir(host.root / "etc/sev")) == configuration, "definition files:", os.listdir(host.root / "etc/sev"), seen)
    links = {f"{one.name}.xml" for one in seen.values() if one and one.autostart}
    demand(set(os.listdir(host.root / "etc/sev/autostart")) == links, "autostart links:", os.listdir(host.root / "etc/sev/autostart"), links)
    running = {uuid for uuid, one in seen.items() if one and one.active}
    for name in os.listdir(host.root / "run/sev"):
        demand(name in EMPTY or name.split(".")[0] in running, "left behind in run/sev:", name, host.log_tail())


def dumps(host):
    """Each a whole ELF file, or not there: their names, and the disk blocks that they take, which a size alone does not show."""
    found = {}
    for name in os.listdir(host.dumps):
        path = host.dumps / name
        demand(name.endswith(".core"), "left behind by a dump:", name)
        with open(path, "rb") as file:
            head = file.read(4096)
        demand(head[:4] == b"\x7fELF", "a dump is torn:", name)
        offset, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        ends = [sum(struct.unpack_from("<Q16xQ", head, offset + number * size + 8)) for number in range(count)]
        demand(path.stat().st_size >= max(ends), "a dump is cut off:", name)
        found[name] = path.stat().st_blocks
    return found
