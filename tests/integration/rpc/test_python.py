#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock libvirt-python against the RPC server and its procedures.

usage: test_python.py RPC_TEST_SERVER"""

import threading
import time

import fixture

try:
    import libvirt
except ImportError:
    fixture.skip("python3-libvirt is not installed")


class Python(fixture.StockClients):
    def test_without_an_event_loop(self):
        with libvirt.open(self.uri) as connection:
            self.assertEqual([domain.name() for domain in connection.listAllDomains()], ["alpha", "beta"])
            self.assertEqual(connection.isEncrypted(), 0)
            self.assertEqual(connection.isSecure(), 1)
            self.assertEqual(connection.getType(), "SEV")
            self.assertEqual(connection.getInfo()[0], "x86_64")
            self.assertEqual(connection.getSEVInfo()["cbitpos"], 51)
            domain = connection.lookupByName("alpha")
            domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
            self.assertEqual(domain.launchSecurityInfo()["sev-policy"], 5)
            domain.setLaunchSecurityState({"sev-secret-header": "aA==", "sev-secret": "cw=="})
            self.assertEqual(domain.info(), [libvirt.VIR_DOMAIN_PAUSED, 524288, 262144, 2, 1500000000])
            self.assertEqual(connection.listDomainsID(), [domain.ID()])
            self.assertEqual(connection.listDefinedDomains(), ["beta"])
            self.assertEqual(connection.getAllDomainStats()[0][1]["vcpu.current"], 2)
            with self.assertRaises(libvirt.libvirtError) as failure:
                connection.lookupByUUIDString("00000000-0000-0000-0000-000000000000")
            self.assertEqual(failure.exception.get_error_code(), libvirt.VIR_ERR_NO_DOMAIN)
            with self.assertRaises(libvirt.libvirtError) as failure:
                domain.managedSave()
            self.assertEqual(failure.exception.get_error_code(), libvirt.VIR_ERR_NO_SUPPORT)
            with self.assertRaises(libvirt.libvirtError) as failure:
                connection.getSysinfo()
            self.assertEqual(failure.exception.get_error_code(), libvirt.VIR_ERR_NO_SUPPORT)

    def test_under_the_name_that_stock_tools_know_it_is_still_sev(self):
        with libvirt.open(self.uri.replace("sev+unix:", "qemu+unix:")) as connection:
            self.assertEqual(connection.getType(), "SEV")
            self.assertIn("alpha", [domain.name() for domain in connection.listAllDomains()])

    def test_a_console_without_an_event_loop(self):
        with libvirt.open(self.uri) as connection:
            domain = connection.lookupByName("alpha")
            domain.create()
            stream = connection.newStream()
            domain.openConsole(None, stream)
            seen = b""
            while b"console ready\r\n" not in seen:
                seen += stream.recv(4096)
            stream.send(b"from python\r")
            while b"you said: from python\r\n" not in seen:
                seen += stream.recv(4096)
            stream.send(b"poweroff\r")
            self.assertEqual(stream.recv(4096), b"")
            stream.finish()

    def test_events_and_pings_with_an_event_loop(self):
        libvirt.virEventRegisterDefaultImpl()
        connection = libvirt.open(self.uri)
        connection.setKeepAlive(1, 3)
        seen = []

        def on_event(_, domain, event, detail, name):
            seen.append((name, domain.name(), event, detail))

        beta = connection.lookupByName("beta")
        every = connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, "every")
        connection.domainEventRegisterAny(beta, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, "beta's")
        done = threading.Event()

        def change():
            for name in ("alpha", "beta"):
                self.virsh("start", name)
            done.set()

        worker = threading.Thread(target=change)
        worker.start()
        end = time.monotonic() + fixture.PATIENCE
        libvirt.virEventAddTimeout(100, lambda *_: None, None)  # so that the loop turns
        while (len(seen) < 3 or not done.is_set()) and time.monotonic() < end:
            libvirt.virEventRunDefaultImpl()
        worker.join()
        self.assertEqual(seen, [("every", "alpha", 2, 0), ("every", "beta", 2, 0), ("beta's", "beta", 2, 0)])
        connection.domainEventDeregisterAny(every)
        self.assertEqual(connection.isAlive(), 1)
        connection.close()


if __name__ == "__main__":
    fixture.main()
