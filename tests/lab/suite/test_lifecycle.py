# SPDX-License-Identifier: LGPL-2.1-or-later
"""Order of the steps, reboot, and the events that a client sees."""
import base64
import contextlib
import unittest

from host import Events, Host


class Lifecycle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def assert_refused(self, result, reason):
        self.assertNotEqual(result.status, 0, result)
        self.assertRegex(result.errors, reason)

    def test_each_step_in_the_wrong_order_is_refused_and_changes_nothing(self):
        domain = self.host.domain("order", vcpus=1, session=True).define()
        self.assert_refused(domain.virsh("domlaunchsecinfo"), "not running")
        self.assert_refused(domain.virsh("resume"), "not running")
        self.assert_refused(domain.virsh("shutdown"), "not running")
        domain.must("start", "--paused")
        self.assert_refused(domain.virsh("start"), "already active")
        launch = domain.launch()
        self.assertEqual(domain.launch().measurement, launch.measurement, "a second look gives the same measurement")
        self.assertEqual(domain.inject(b"the right secret").status, 0)
        domain.must("resume")
        self.assert_refused(domain.virsh("resume"), "already running")
        self.assert_refused(domain.inject_packed(), "(?i)paused|running|launch")
        self.assertEqual(domain.state(), "running (unpaused)")
        self.assertEqual(domain.launch().measurement, launch.measurement, "nor does the launch's end change it")
        domain.must("suspend")
        self.assert_refused(domain.inject_packed(), "(?i)launch|started|resumed|running")
        self.assertEqual(domain.state(), "paused (user)")
        domain.must("destroy")

    def test_secret_with_a_wrong_mac_is_refused_and_the_guest_stays_as_it_was(self):
        domain = self.host.domain("mac", vcpus=1, session=True).define()
        domain.must("start", "--paused")
        self.assertEqual(domain.inject(b"a secret").status, 0)
        header_file = domain.owner / "secret_header.b64"
        header = bytearray(base64.b64decode(header_file.read_text()))
        for changed in (0, 4, 20, 51):
            wrong = bytearray(header)
            wrong[changed] ^= 2
            header_file.write_text(base64.b64encode(wrong).decode())
            self.assert_refused(domain.inject_packed(), "(?i)secret")
            self.assertEqual(domain.state(), "paused (user)")
        header_file.write_text(base64.b64encode(header[:-1]).decode())
        self.assert_refused(domain.inject_packed(), "(?i)secret|header")
        header_file.write_text("not base64")
        self.assert_refused(domain.inject_packed(), "(?i)base64|header")
        self.assertEqual(domain.inject(b"the right one").status, 0, "the guest still takes one")
        self.assertEqual(domain.verify().status, 0)
        domain.must("destroy")

    def test_session_for_another_policy_or_platform_is_refused_at_start(self):
        domain = self.host.domain("session", vcpus=1, session=True)
        domain.xml.write_text(domain.xml.read_text().replace("<policy>0x7", "<policy>0x5"))
        domain.define()
        self.assert_refused(domain.virsh("start"), "(?i)session|policy")
        self.assertRegex(domain.state(), "^shut off")
        domain.must("undefine")

    def test_power_button_pressed_before_a_guest_without_a_session_is_up_does_not_deafen_it(self):
        domain = self.host.domain("early", vcpus=1).define()
        domain.must("start", "--paused")
        domain.must("shutdown")
        with domain.console() as console:
            domain.must("resume")
            self.assertIn("no secret", console.await_text("example guest: ready"))
            self.assertRegex(domain.state(), "^running", "the press came before there was anybody to hear it")
            domain.must("shutdown")
            console.await_end()
        self.assertEqual(domain.state(), "shut off (shutdown)")

    SHELL = "console=ttyS0 quiet virtsev.shell"

    @contextlib.contextmanager
    def reboot_from_inside(self, domain):
        with domain.console() as console:
            domain.must("resume")
            console.await_text("a shell, as virtsev.shell")
            console.type("reboot -f\n")
            console.await_text("reboot: Restarting system")
            yield console

    def test_sev_guest_is_rebooted_from_inside_and_outside_as_a_new_launch_under_the_same_id(self):
        domain = self.host.domain("reboot", policy="0x1", vcpus=1, command_line=self.SHELL).define()
        with Events(self.host) as events:
            domain.must("start", "--paused")
            events.await_line("'reboot'.*Started")
            identity, monitor = domain.identity(), self.host.vmm_of("reboot")
            self.assertIsNotNone(monitor)
            with self.reboot_from_inside(domain) as console:
                events.await_line("event 'reboot' for domain '?reboot")
                self.assertEqual(domain.identity(), identity)
                second = self.host.vmm_of("reboot")
                self.assertNotIn(second, (None, monitor), "another monitor, with another launch")
                with self.subTest("the console goes on, and the new launch runs"):
                    console.forget("reboot: Restarting system")
                    console.await_text("example guest: ready")
                with self.subTest("virsh reboot does the same"):
                    domain.must("reboot")
                    events.await_line("event 'reboot' for domain '?reboot")
                    self.assertEqual(domain.identity(), identity)
                    self.assertNotIn(self.host.vmm_of("reboot"), (None, monitor, second))
        self.assertRegex(domain.state(), "^running")
        with domain.console() as console:
            console.await_text("example guest: ready")
        domain.must("destroy")

    def test_sev_es_guest_that_reboots_itself_is_shut_off(self):
        domain = self.host.domain("ended", vcpus=2, command_line=self.SHELL).define()
        domain.must("start", "--paused")
        with self.reboot_from_inside(domain) as console:
            console.await_end()
        self.assertRegex(domain.state(), "^shut off")

    def test_a_client_sees_each_step_in_the_order_of_libvirts_own_drivers(self):
        domain = self.host.domain("events", vcpus=1)
        steps = [
            ("define", lambda: domain.define(), ["Defined Added"]),
            ("define again", lambda: self.define_again(domain), ["Defined Updated"]),
            ("start", lambda: domain.must("start"), ["Resumed Unpaused", "Started Booted"]),
            ("suspend", lambda: domain.must("suspend"), ["Suspended Paused"]),
            ("resume", lambda: domain.must("resume"), ["Resumed Unpaused"]),
            ("shutdown by the guest", lambda: self.power_off(domain),
             ["Shutdown Finished after guest request", "Stopped Shutdown"]),
            ("start --paused", lambda: domain.must("start", "--paused"), ["Started Booted", "Suspended Paused"]),
            ("resume of that", lambda: domain.must("resume"), ["Resumed Unpaused"]),
            ("destroy", lambda: domain.must("destroy"), ["Shutdown Finished after host request", "Stopped Destroyed"]),
            ("undefine", lambda: domain.must("undefine"), ["Undefined Removed"]),
        ]
        expected = [f"event 'lifecycle' for domain 'events': {event}" for _, _, events in steps for event in events]
        with Events(self.host) as events:
            for _, step, _ in steps:
                step()
            lines = events.lines_until("Undefined Removed")
        # All of them: nothing is left out, and nothing is there twice.
        self.assertEqual([line.replace("domain events:", "domain 'events':") for line in lines], expected)

    def define_again(self, domain):
        changed = domain.must("dumpxml", "--inactive").replace("console=ttyS0 quiet", "console=ttyS0 quiet panic=1")
        domain.xml.write_text(changed)
        domain.define()

    def power_off(self, domain):
        with domain.console() as console:
            console.await_text("example guest: ready")
            domain.must("shutdown")
            console.await_end()


if __name__ == "__main__":
    unittest.main()
