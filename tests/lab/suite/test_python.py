# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt-python, unmodified, from connecting to undefining."""
import threading
import unittest

from host import Host

try:
    import libvirt
except ImportError:
    libvirt = None


@unittest.skipIf(libvirt is None, "python3-libvirt is not installed")
class PythonBinding(unittest.TestCase):
    def test_a_guests_whole_life(self):
        host = Host()
        self.addCleanup(host.close)
        host.start()
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=self.run_events, daemon=True).start()
        libvirt.registerErrorHandler(lambda *_: None, None)
        connection = libvirt.open(host.uri)
        self.addCleanup(connection.close)
        seen, arrived = [], threading.Condition()

        def note(_connection, domain, event, _detail, _opaque):
            with arrived:
                seen.append((domain.name(), event))
                arrived.notify_all()

        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, note, None)
        self.assertEqual(connection.getType(), "SEV")
        self.assertEqual(connection.listAllDomains(), [])
        domain = connection.defineXML(host.domain("python", vcpus=1).xml.read_text())
        self.assertEqual([other.name() for other in connection.listAllDomains()], ["python"])
        self.assertFalse(domain.isActive())
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        self.assertEqual(domain.state()[0], libvirt.VIR_DOMAIN_PAUSED)
        self.assertGreater(domain.ID(), 0)
        self.assertIn("<policy>0x0007</policy>", domain.XMLDesc(0))
        information = domain.launchSecurityInfo()
        self.assertEqual(len(information["sev-measurement"]), 64)
        self.assertEqual(information["sev-policy"], 7)
        domain.resume()
        self.assertEqual(domain.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        with self.assertRaises(libvirt.libvirtError) as raised:
            domain.resume()
        self.assertEqual(raised.exception.get_error_code(), libvirt.VIR_ERR_OPERATION_INVALID)
        domain.destroy()
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED])
        domain.undefine()
        with self.assertRaises(libvirt.libvirtError) as raised:
            connection.lookupByName("python")
        self.assertEqual(raised.exception.get_error_code(), libvirt.VIR_ERR_NO_DOMAIN)
        wanted = [("python", event) for event in
                  (libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_RESUMED,
                   libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED)]
        with arrived:
            self.assertTrue(arrived.wait_for(lambda: set(wanted) <= set(seen), timeout=300), seen)
            self.assertEqual([pair for pair in seen if pair in wanted], wanted)

    @staticmethod
    def run_events():
        while True:
            libvirt.virEventRunDefaultImpl()


if __name__ == "__main__":
    unittest.main()
