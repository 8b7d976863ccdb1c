# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtsevd and virtsev-vmm killed, each on its own."""
import signal
import unittest

from host import Events, Host, end_process


class Survival(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def test_a_guest_outlives_its_daemon_and_is_found_again(self):
        domain = self.host.domain("outlives", vcpus=1, session=True).define()
        waiting = self.host.domain("waiting", vcpus=1, session=True).define()
        domain.must("start", "--paused")
        waiting.must("start", "--paused")
        measurement, identity = domain.launch().measurement, domain.identity()
        monitor = self.host.vmm_of("outlives")
        domain.must("resume")

        self.host.kill(signal.SIGKILL)
        self.assertEqual(self.host.vmm_of("outlives"), monitor)
        self.host.start()

        self.assertEqual(domain.identity(), identity)
        self.assertRegex(domain.state(), "^running")
        self.assertEqual(domain.launch().measurement, measurement)
        with domain.console() as console:
            console.await_text("example guest: ready")

        with self.subTest("a launch that waited for its owner still does"):
            self.assertRegex(waiting.state(), "^paused")
            self.assertEqual(waiting.verify().status, 0)
            self.assertEqual(waiting.inject(b"after the restart").status, 0)

        with self.subTest("an orderly end of the daemon leaves guests alone, too"):
            self.host.kill(signal.SIGTERM)
            self.assertEqual(self.host.vmm_of("outlives"), monitor)
            self.host.start()
            self.assertEqual(domain.identity(), identity)

        domain.must("destroy")
        self.assertIsNone(self.host.vmm_of("outlives"))
        self.assertEqual(domain.state(), "shut off (destroyed)")

    def test_a_guest_that_ended_while_there_was_no_daemon_is_shut_off(self):
        domain = self.host.domain("alone", vcpus=1).define()
        domain.must("start", "--paused")
        monitor = self.host.vmm_of("alone")
        self.host.kill(signal.SIGKILL)
        end_process(monitor, signal.SIGKILL)
        self.host.start()
        self.assertEqual(domain.state(), "shut off (crashed)")
        domain.must("start", "--paused")
        domain.must("destroy")

    def test_a_killed_monitor_is_a_crash_and_clients_hear_of_it(self):
        domain = self.host.domain("crash", vcpus=1).define()
        domain.must("start", "--paused")
        with Events(self.host) as events:
            # The listener is there when its first event is.
            domain.must("resume")
            events.await_line("'crash'.*Resumed")
            end_process(self.host.vmm_of("crash"), signal.SIGKILL)
            events.await_line("'crash'.*Stopped Crashed$")
        self.assertEqual(domain.state(), "shut off (crashed)")
        with self.subTest("and what it held is free again"):
            domain.must("start", "--paused")
            domain.must("destroy")


if __name__ == "__main__":
    unittest.main()
