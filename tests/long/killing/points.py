# SPDX-License-Identifier: LGPL-2.1-or-later
"""One point after another: calls begin, something is killed, virtsevd is there again, and all is looked at."""
import collections
import os
import signal
import threading
import time
import uuid

import libvirt
from killing.host import PATIENCE, Host, Violation, await_end, demand, send
from killing.operations import PAUSED, Operations, allowed, look
from killing.state import check_host, dumps, see_all

SLOTS = 5
STARTING = [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP]
DEFINITION_SECONDS, GUEST_SECONDS = 0.01, 0.5  # Until it is known how long calls take here
KILLS = {"kill": 45, "term": 15, "twice": 20}
KILLS_OF_GUESTS = {**KILLS, "monitor": 20, "both": 10, "boot": 10}


class Call(threading.Thread):
    """One operation, on a connection of its own."""

    def __init__(self, host, uuid_, name, asked):
        super().__init__()
        self.uuid, self.name_, self.asked, self.done, self.seconds = uuid_, name, asked, False, None
        self.connection = host.connect()

    def run(self):
        begin = time.monotonic()
        try:
            self.asked.act(self.connection)
            self.done, self.seconds = True, time.monotonic() - begin
        except libvirt.libvirtError:
            pass  # Refused, or cut off: both are "not known to be done"


class Points:
    def __init__(self, source, guests):
        libvirt.registerErrorHandler(lambda *_: None, None)
        self.source, self.guests, self.host, self.kinds, self.story = source, guests, Host(), collections.Counter(), ""
        self.uuids = [str(uuid.UUID(int=source.getrandbits(128), version=4)) for _ in range(SLOTS + 1)]
        self.operations, self.seconds, self.number = Operations(self.host), {}, 0
        self.whole_dump, self.dumps_seen = None, set()
        self.host.start()
        self.bystander = self.uuids[SLOTS]
        connection = self.host.connect()
        domain = connection.defineXML(self.host.xml("bystander", self.bystander, "bystander"))
        if guests:
            domain.createWithFlags(PAUSED)
        connection.close()

    def one(self):
        self.number += 1
        connection = self.host.connect()
        self.calm(connection)
        before, witness = see_all(self.host, connection, self.uuids), self.witness(connection)
        connection.close()
        kind = self.choose_kill(before)
        calls = [] if kind == "boot" else self.choose_calls(before)
        self.story = f"{kind} during {[(call.name_, call.uuid, before[call.uuid]) for call in calls]}"
        killed = self.kill_during(kind, calls, before)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.look_around(kind, calls, killed, before, witness)
                break
            except Violation:
                # virtsevd may still be at it: what it does by itself ends in no event for us.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        self.kinds.update([kind, *(call.name_ for call in calls)])

    def calm(self, connection):
        """Nothing starts any more (an autostart that is cut off is done again, as another guest); and the lab stands one
        running guest at a time."""
        deadline = time.monotonic() + PATIENCE
        while any(domain.state() == STARTING for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)):
            demand(time.monotonic() < deadline, "a start does not end", self.host.log_tail())
            time.sleep(0.05)
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING):
            domain.suspend()

    def witness(self, connection):
        """What a launch has that no other has."""
        if not self.guests:
            return None
        domain = connection.lookupByUUIDString(self.bystander)
        return domain.launchSecurityInfo()["sev-measurement"], domain.state()

    def choose_kill(self, before):
        kills = KILLS_OF_GUESTS if self.guests else KILLS
        kind = self.source.choices(list(kills), kills.values())[0]
        marked = [one for one in before.values() if one and one.autostart]
        # At a boot the autostarted run: one of them.
        return "kill" if kind == "boot" and (len(marked) != 1 or marked[0].active) else kind

    def choose_calls(self, before):
        count = 1 if self.source.random() < 0.7 else self.source.randint(2, 4)
        calls = []
        for uuid_ in self.source.sample(self.uuids[:SLOTS], count):
            token = f"t{self.number}x{len(calls)}"
            possible = self.operations.possible(uuid_, before[uuid_], token, self.guests)
            if self.guests and before[uuid_] and not before[uuid_].persistent:
                possible.pop("reset", None)
            name = self.source.choice(sorted(possible))
            calls.append(Call(self.host, uuid_, name, possible[name]))
        return calls

    def delay(self, calls):
        longest = max(self.seconds.get(call.name_, GUEST_SECONDS if call.asked.guest else DEFINITION_SECONDS) for call in calls)
        return self.source.uniform(0, 1.2 * longest)

    def kill_during(self, kind, calls, before):
        """The monitors that were killed."""
        if kind == "boot":
            self.boot()
            return set()
        for call in calls:
            call.start()
        time.sleep(self.delay(calls))
        killed = set()
        if kind in ("monitor", "both"):
            ours = sorted(self.host.monitors() - {before[self.bystander].monitor})
            if ours:
                killed = {self.source.choice(ours)}
                send(min(killed), signal.SIGKILL)
        if kind != "monitor":
            status = self.host.stop(signal.SIGTERM if kind == "term" else signal.SIGKILL)
            demand(status == (0 if kind == "term" else -signal.SIGKILL), "virtsevd ended with", status, self.host.log_tail())
        for call in calls:
            call.join(PATIENCE)
            demand(not call.is_alive(), "a call does not end:", call.name_)
            call.connection.close()
            if call.done:
                self.seconds[call.name_] = (self.seconds.get(call.name_, call.seconds) + call.seconds) / 2
        for monitor in killed:
            demand(await_end(monitor), "a killed monitor stays")
        if kind == "twice":
            self.cut_off_start()
        if kind != "monitor":
            self.host.start()
        demand(self.host.process.poll() is None, "virtsevd ended:", self.host.log_tail())
        return killed

    def cut_off_start(self):
        self.host.launch()
        time.sleep(self.source.uniform(0, self.seconds.setdefault("(start)", 0.3)))
        self.host.stop(signal.SIGKILL)
        self.host.listener.close()

    def boot(self):
        """As after a boot: nothing was autostarted yet, and the start that does so is cut off."""
        self.host.stop(signal.SIGKILL)
        for name in os.listdir(self.host.root / "run/sev"):
            if name.startswith("autostarted"):
                os.unlink(self.host.root / "run/sev" / name)
        self.cut_off_start()
        self.host.start()

    def look_around(self, kind, calls, killed, before, witness):
        connection = self.host.connect()
        try:
            after = see_all(self.host, connection, self.uuids)
            by_uuid = {call.uuid: call for call in calls}
            for uuid_, one in before.items():
                self.compare(kind, by_uuid.get(uuid_), killed, one, after[uuid_], set(before.values()))
            demand(before[self.bystander] == after[self.bystander] and witness == self.witness(connection), "the bystander was touched:",
                   before[self.bystander], after[self.bystander])
        finally:
            connection.close()
        check_host(self.host, after)
        self.check_dumps(calls)

    def compare(self, kind, call, killed, one, now, all_before):
        known = {other.monitor for other in all_before if other}
        monitor_killed = bool(one and one.monitor in killed) or bool(call and killed - known)
        if call:
            right = allowed(call.asked, one, call.done, monitor_killed)
        else:
            right = {look(one)} | ({look(one)[:-1] + (False,) if one.persistent else None} if monitor_killed else set())
        if kind == "boot" and one and one.autostart:
            right = {look(one)[:-1] + (True,)}
        demand(look(now) in right, "a domain is", now, "after", one, "where right were", right, self.host.log_tail())
        if one and now and one.active and now.active and not (call and call.asked.relaunches):
            demand((one.identity, one.monitor) == (now.identity, now.monitor), "a guest was exchanged:", one, now)

    def check_dumps(self, calls):
        acknowledged = {call.asked.file for call in calls if call.done and call.asked.file} - self.dumps_seen
        found = dumps(self.host)
        demand(acknowledged <= set(found), "a dump that was done is not there:", acknowledged, found)
        for name, blocks in found.items():
            if name in acknowledged and self.whole_dump is None:
                self.whole_dump = blocks
            demand(self.whole_dump is None or blocks * 10 >= self.whole_dump * 9, "a dump is cut off:", name, blocks, self.whole_dump)
            (self.host.dumps / name).unlink()
            self.dumps_seen.add(name)

    def end(self):
        """All of it removed: nothing stays."""
        connection = self.host.connect()
        for domain in connection.listAllDomains():
            if domain.isActive():
                domain.destroy()
        for domain in connection.listAllDomains():
            domain.undefine()
        connection.close()
        check_host(self.host, {})
        demand(self.host.stop(signal.SIGTERM) == 0, "virtsevd does not end well")

    def close(self):
        self.host.close()
