# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is done to a domain while something is killed: when it is possible, the call, and how the domain may look afterwards."""
import dataclasses
import os
from dataclasses import replace

import libvirt

CONFIG, LIVE = libvirt.VIR_DOMAIN_AFFECT_CONFIG, libvirt.VIR_DOMAIN_AFFECT_LIVE
PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


@dataclasses.dataclass
class Asked:
    """One call: `act` is done with a connection; `wanted` maps what was before to what is there when it was done."""
    act: object
    wanted: object
    starts: bool = False  # A guest that may be there, or not, if anything was killed
    relaunches: bool = False  # One that has to be there again
    guest: bool = False
    file: str = ""  # What a dump makes


def off(one):
    return None if not one.persistent else replace(one, identity=-1, monitor=None)


def on(one):
    return replace(one, identity=0)


class Operations:
    """All of them, for one host. `token` is different each time: it shows which of two definitions is there."""

    def __init__(self, host):
        self.host = host

    def possible(self, uuid, seen, token, guests):
        """By name. `guests`: those too that need one."""
        asked = self.of_none(uuid, token, guests) if seen is None else self.of_one(uuid, seen, token, guests)
        return {name: one for name, one in asked.items() if guests or not one.guest}

    def of_none(self, uuid, token, guests):
        xml = self.host.xml(f"kill-{token}", uuid, token)
        from_xml = None if not guests else Asked(lambda c: c.createXML(xml, PAUSED), lambda _: ("new", token, False), starts=True, guest=True)
        found = {"define": Asked(lambda c: c.defineXML(xml), lambda _: ("new", token, True))}
        if from_xml:
            found["create"] = from_xml
        return found

    def of_one(self, uuid, seen, token, guests):
        def call(method, *arguments):
            return lambda c: getattr(c.lookupByUUIDString(uuid), method)(*arguments)

        asked = {}
        if seen.persistent:
            asked["autostart"] = Asked(call("setAutostart", not seen.autostart), lambda one: replace(one, autostart=not one.autostart))
            asked["desc"] = Asked(call("setMetadata", libvirt.VIR_DOMAIN_METADATA_TITLE, token, None, None, CONFIG),
                                  lambda one: replace(one, title=token))
            element = f"<k:t xmlns:k='urn:kill'>{token}</k:t>"
            asked["metadata"] = Asked(call("setMetadata", libvirt.VIR_DOMAIN_METADATA_ELEMENT, element, "k", "urn:kill", CONFIG),
                                      lambda one: replace(one, metadata=token))
            xml = self.host.xml(seen.name, uuid, token)
            asked["redefine"] = Asked(lambda c: c.defineXML(xml), lambda one: replace(one, title=token, metadata=""))
            asked["undefine"] = Asked(call("undefine"), lambda one: replace(one, persistent=False, autostart=False) if one.active else None)
        if seen.persistent and not seen.active:
            asked["rename"] = Asked(call("rename", f"kill-{token}"), lambda one: replace(one, name=f"kill-{token}"))
            asked["start"] = Asked(call("createWithFlags", PAUSED), on, starts=True, guest=True)
        if seen.active:
            asked["destroy"] = Asked(call("destroy"), off, guest=True)
            asked["reset"] = Asked(call("reset"), lambda one: one, relaunches=True, guest=True)
            path = str(self.host.dumps / f"{token}.core")
            asked["dump"] = Asked(call("coreDumpWithFormat", path, 0, libvirt.VIR_DUMP_MEMORY_ONLY), lambda one: one, guest=True,
                                  file=os.path.basename(path))
            asked["look"] = Asked(call("XMLDesc"), lambda one: one, guest=True)
        return asked


def allowed(asked, before, done, monitor_killed):
    """Every look of the domain that is right, as comparable words."""
    after = asked.wanted(before)
    ends = [after] if done else [before, after]
    if not done and before is None and isinstance(after, tuple):
        ends = [None, after]
    looks = set()
    for one in ends:
        looks.add(look(one))
        gone_guest = monitor_killed or (asked.starts and not done)
        if gone_guest and one is not None:
            looks.add(look(without_guest(one)))
    return looks


def without_guest(one):
    if isinstance(one, tuple):
        return one if one[2] else None
    return off(one)


def look(one):
    """Less what may change with each launch, and the prefix that the server puts before an element."""
    if one is None:
        return None
    if isinstance(one, tuple):
        _, token, persistent = one
        return (f"kill-{token}", token, "", persistent, False, not persistent)
    metadata = one.metadata.split(">", 1)[1].split("<", 1)[0] if ">" in one.metadata else one.metadata
    return (one.name, one.title, metadata, one.persistent, one.autostart, one.active)
