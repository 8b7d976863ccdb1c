#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""go-libvirt against the RPC server and its procedures, with a driver without guests behind them.

usage: test_go.py RPC_TEST_SERVER BUILD_DIRECTORY"""

import os
import sys

BUILD = sys.argv.pop()

import fixture  # noqa: E402 (it reads the rest of the arguments)

sys.path.insert(0, os.path.join(fixture.HERE, "../clients"))
import go_libvirt  # noqa: E402 (it lies in the folder beside)


class Go(fixture.StockClients):
    def test_lists_starts_hears_and_is_refused(self):
        client = go_libvirt.GoLibvirt(go_libvirt.build(BUILD), self.socket)
        self.addCleanup(client.close)
        self.assertEqual("alpha beta", client.ask("list"))
        self.assertEqual("-1", client.ask("id", "alpha"))
        client.ask("create", "alpha")
        self.assertEqual(("alpha", 2), client.next_event(fixture.PATIENCE))
        self.assertEqual("1 1", client.ask("state", "alpha"))
        client.ask("destroy", "alpha")
        with self.assertRaises(go_libvirt.Refused) as refused:
            client.ask("suspend", "alpha")
        self.assertEqual(55, refused.exception.code)  # VIR_ERR_OPERATION_INVALID


if __name__ == "__main__":
    if go_libvirt.why_not():
        fixture.skip(go_libvirt.why_not())
    fixture.main()
