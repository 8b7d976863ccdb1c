# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a platform's exported certificates have to show. Real firmware exports its CEK unsigned: AMD's key server has the signed one, under
the chip's id, and only with that does the chain hold up to AMD's root."""

import json


def check(virtsev, certificates, platform, cek=None):
    """A line for the report; AssertionError where the chain does not show what it has to. `virtsev`: runs the command, gives .status and .output.
    `cek`: the signed CEK, if the user has it."""
    more = ("--cek", cek) if cek else ()
    result = virtsev("platform", "verify", certificates, *more, "--json")
    answer = json.loads(result.output)
    verdict = (answer["verdict"], result.status)
    if platform == "simulated":
        assert verdict == ("simulated", 3), answer
        return "the chain holds up to the simulated root"
    if verdict == ("unsigned-cek", 1) and not cek:
        address = answer.get("cek_address")
        assert address, f"the CEK is unsigned, and the chip's id, under which AMD has the signed one, is not known: {answer}"
        return f"the CEK is unsigned, as firmware exports it. AMD has the signed one at {address}: run this again with --cek FILE"
    assert verdict == ("amd", 0), answer
    return f"the chain holds up to AMD's root: {answer.get('product')}"
