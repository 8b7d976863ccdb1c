#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock virsh against the RPC server and its procedures, with a driver without guests behind them: one command at a time.

usage: test_virsh_commands.py RPC_TEST_SERVER [SUITE DIRECTORY]"""

import os

import fixture


class Commands(fixture.StockClients):
    def test_lists_and_lives(self):
        self.assertRegex(self.virsh("list", "--all"), r"-\s+alpha\s+shut off\n\s+-\s+beta\s+shut off")
        self.virsh("start", "alpha")
        self.assertRegex(self.virsh("list"), r"1\s+alpha\s+running")
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "running (booted)")
        self.virsh("suspend", "alpha")
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "paused (user)")
        self.virsh("resume", "alpha")
        self.virsh("reboot", "alpha")
        self.virsh("reset", "alpha")
        self.virsh("shutdown", "alpha")
        self.assertEqual(self.virsh("domstate", "alpha", "--reason").strip(), "shut off (shutdown)")
        self.virsh("start", "beta", "--paused")
        self.assertEqual(self.virsh("domid", "beta").strip(), "2")
        self.virsh("destroy", "beta", "--graceful")
        self.virsh("domrename", "beta", "gamma")
        self.virsh("undefine", "gamma")
        self.assertNotIn("gamma", self.virsh("list", "--all"))

    def test_defines_and_reads_back(self):
        path = os.path.join(self.root, "guest.xml")
        xml = "<domain type='kvm'><name>guest</name></domain>\n"
        with open(path, "w") as file:
            file.write(xml)
        self.virsh("define", path)
        self.assertEqual(self.virsh("dumpxml", "guest").strip(), xml.strip())
        self.virsh("define", "--validate", path)
        self.virsh("autostart", "guest")
        self.virsh("desc", "guest", "--title", "A title")
        self.assertIn("A title", self.virsh("list", "--all", "--title"))
        self.assertRegex(self.virsh("list", "--all", "--autostart"), r"guest")
        self.assertEqual(self.virsh("domuuid", "guest").strip(), "03030303-0303-0303-0303-030303030303")
        info = self.virsh("dominfo", "guest")
        for line in (r"OS Type:\s+hvm", r"State:\s+shut off", r"CPU\(s\):\s+2", r"Max memory:\s+524288 KiB", r"Used memory:\s+262144 KiB",
                     r"Persistent:\s+yes", r"Autostart:\s+enable", r"Managed save:\s+no", r"Messages:\s+tainted: "):
            self.assertRegex(info, line)

    def test_looks_at_domains(self):
        self.virsh("start", "alpha")
        self.assertIn("vcpu.current=2", self.virsh("domstats", "alpha"))
        self.assertEqual(self.virsh("domstats").count("Domain: "), 2)
        self.assertRegex(self.virsh("vcpuinfo", "alpha"), r"CPU time:\s+0\.5s\nCPU Affinity:\s+yyyy")
        self.assertRegex(self.virsh("vcpucount", "alpha"), r"current\s+live\s+2")
        self.assertIn("rss 12345", self.virsh("dommemstat", "alpha"))
        self.assertEqual(self.virsh("domcontrol", "alpha").strip(), "occupied (2.500s)")
        self.assertEqual(self.virsh("snapshot-list", "alpha").count("\n"), 3)

    def test_looks_at_the_host(self):
        self.assertRegex(self.virsh("nodeinfo"), r"CPU\(s\):\s+4\n(.*\n)*Memory size:\s+8192 KiB")
        self.assertRegex(self.virsh("nodesevinfo"), r"pdh\s+: cGRo\ncert-chain\s+: Y2hhaW4=\ncbitpos\s+: 51\n")
        self.assertRegex(self.virsh("nodecpumap"), r"CPU map:\s+yyyy")
        self.assertEqual(self.virsh("hostname").strip(), "fake.example")
        self.assertEqual(self.virsh("maxvcpus").strip(), "64")
        self.assertIn("<domainCapabilities>", self.virsh("domcapabilities"))
        self.assertIn("<capabilities>", self.virsh("capabilities"))
        self.assertRegex(self.virsh("version", "--daemon"), r"Using API: SEV .*\nRunning hypervisor: SEV \d+\.\d+\.\d+\n")
        self.assertRegex(self.virsh("freecell"), r"Total: \d+ KiB")
        for empty in ("net-list", "pool-list", "iface-list", "nodedev-list", "secret-list"):
            self.virsh(empty, "--all") if empty in ("net-list", "pool-list", "iface-list") else self.virsh(empty)

    def test_attests(self):
        self.virsh("start", "alpha", "--paused")
        self.assertRegex(self.virsh("domlaunchsecinfo", "alpha"), r"sev-measurement: bWVhc3VyZW1lbnQ=\nsev-api-major\s*: 1\n")
        for name in ("header", "secret"):
            with open(os.path.join(self.root, name), "w") as file:
                file.write("YWJj\n")
        secret = ["domsetlaunchsecstate", "alpha", "--secrethdr", self.root + "/header", "--secret", self.root + "/secret"]
        self.virsh(*secret, "--set-address", "4096")
        self.virsh("resume", "alpha")
        self.assertIn("paused", self.virsh(*secret, fails=True))

    def test_changes_single_settings(self):
        for command in (["setmem", "alpha", "100000"], ["setmaxmem", "alpha", "1G", "--config"], ["setvcpus", "alpha", "3", "--config"],
                        ["set-lifecycle-action", "alpha", "crash", "preserve", "--config"]):
            self.virsh(*command)

    def test_says_what_is_not_supported(self):
        self.virsh("start", "alpha")
        self.assertIn("can't write a guest's state", self.virsh("save", "alpha", "/nowhere", fails=True))
        self.assertIn("virConnectGetSysinfo is not supported", self.virsh("sysinfo", fails=True))
        self.assertIn("have no QEMU", self.virsh("qemu-monitor-command", "alpha", "x", fails=True))
        self.assertIn("failed to get domain 'nobody'", self.virsh("domstate", "nobody", fails=True))

    def test_read_only_changes_nothing(self):
        uri = f"sev+unix:///system?socket={self.read_only_socket}"
        self.assertIn("alpha", self.virsh("list", "--all", options=["-r"], uri=uri))
        for command in (["start", "alpha"], ["undefine", "alpha"], ["nodesevinfo"], ["dumpxml", "--security-info", "alpha"]):
            self.virsh(*command, options=["-r"], uri=uri, fails=True)
        # A client that does not hold itself back is held back by the server.
        self.assertIn("forbidden for read only access", self.virsh("start", "alpha", uri=uri, fails=True))
        self.assertIn("shut off", self.virsh("domstate", "alpha"))

    def test_refuses_foreign_uris(self):
        for uri, message in (("xen+unix:///system", "no connection driver available for xen:///system"),
                             ("qemu+unix:///elsewhere", "qemu:///system or qemu:///session"),
                             ("sev+unix:///elsewhere", "sev:///system or sev:///session")):
            self.assertIn(message, self.virsh("list", uri=f"{uri}?socket={self.socket}", fails=True))
        self.virsh("list", uri=f"sev+unix:///session?socket={self.socket}")

    def test_answers_to_the_name_that_stock_tools_know(self):
        for path in ("system", "session"):
            uri = f"qemu+unix:///{path}?socket={self.socket}"
            self.assertIn("alpha", self.virsh("list", "--all", uri=uri))
            self.assertIn("Running hypervisor: SEV", self.virsh("version", uri=uri))
            for question in ("capabilities", "domcapabilities"):
                self.assertEqual(self.virsh(question, uri=uri), self.virsh(question))


if __name__ == "__main__":
    fixture.main()
