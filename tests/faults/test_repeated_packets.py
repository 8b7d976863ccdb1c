#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gdb repeats a packet that nobody has acknowledged for two seconds: on a loaded machine its first ones. What it repeats is answered once;
a second answer would be taken for that to the next packet, and all later ones for each other's."""

import subprocess

import fault


def frame(packet):
    return b"$" + packet + b"#%02x" % (sum(packet) % 256)


class RepeatedPackets(fault.FaultTest):
    def test_a_repeated_packet_is_acknowledged_and_answered_once(self):
        self.define(policy="0x0000")
        self.daemon.virsh("start", "guest", "--paused")
        command = [fault.VIRTSEV, "debug", self.daemon.uri(), "guest"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as debug:
            debug.stdin.write(b"+" + 2 * frame(b"qAttached") + b"+" + frame(b"qC") + b"+" + frame(b"D"))
            debug.stdin.flush()
            said = debug.stdout.read()
            debug.stdin.close()
            self.assertEqual(0, debug.wait(fault.PATIENCE))
        answers = [packet.split(b"#")[0] for packet in said.split(b"$")[1:]]
        self.assertEqual([b"1", b"QC1", b"OK"], answers)
        self.assertEqual(4, said.count(b"+"), "each packet is acknowledged")


if __name__ == "__main__":
    fault.main()
